package dev.quern.control.job;

import dev.quern.contract.plan.Shard;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Tiling;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Cuts evaluation texts into shards, which workers measure side by side. */
public final class Shards {
    /** Weights are loaded twice per shard, which this many tokens outweigh; more in one would only make others wait. */
    private static final int MAX_TILES = 16;
    /** A job that waits for a device waits for one shard of another job, not for all of them. */
    private static final double SECONDS = 20;
    /** A worker that is faster, or comes later, finds something to do. */
    private static final int PER_WORKER = 2;

    private Shards() {}

    /**
     * The shards of a job.
     *
     * @param evaluations the windows of each text
     * @param seconds that all of them take, on all workers
     */
    public static List<Shard> cut(List<TokenWindows> evaluations, double seconds, int workers) {
        int all = evaluations.stream().mapToInt(Shards::tiles).sum();
        int quick = quickTiles(seconds * workers / Math.max(1, all));
        List<Shard> shards = new ArrayList<>();
        for (int file = 0; file < evaluations.size(); file++) {
            TokenWindows windows = evaluations.get(file);
            int perShard = Math.clamp(Math.ceilDiv(tiles(windows), PER_WORKER * workers), 1, quick);
            shards.addAll(shards(file, windows, perShard));
        }
        return shards;
    }

    /** All shards that a plan can have, whatever the number of workers was. */
    public static Set<Shard> possible(List<TokenWindows> evaluations) {
        Set<Shard> shards = new HashSet<>();
        for (int file = 0; file < evaluations.size(); file++) {
            for (int perShard = 1; perShard <= MAX_TILES; perShard++) {
                shards.addAll(shards(file, evaluations.get(file), perShard));
            }
        }
        return shards;
    }

    /** Tiles of a shard that is over soon. */
    static int quickTiles(double secondsPerTile) {
        return (int) Math.clamp(SECONDS / Math.max(secondsPerTile, 1e-3), 1, MAX_TILES);
    }

    private static int tiles(TokenWindows windows) {
        return Tiling.of(windows.count(), windows.seqLen()).tiles();
    }

    private static List<Shard> shards(int file, TokenWindows windows, int perShard) {
        List<Shard> shards = new ArrayList<>();
        int step = perShard * Tiling.of(windows.count(), windows.seqLen()).windowsPerTile();
        for (int first = 0; first < windows.count(); first += step) {
            shards.add(new Shard(file, first, Math.min(first + step, windows.count())));
        }
        return shards;
    }
}
