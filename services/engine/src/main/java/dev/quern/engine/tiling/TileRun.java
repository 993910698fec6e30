package dev.quern.engine.tiling;

import java.util.ArrayList;
import java.util.List;

/**
 * A run of tiles that one task takes through the blocks: the tiles [first, end).
 *
 * @param end one past the last tile
 */
public record TileRun(int first, int end) {
    public TileRun {
        if (first < 0 || first >= end) {
            throw new IllegalArgumentException("tiles: " + first + " to " + end + " (expected: 0 <= first < end)");
        }
    }

    /** All tiles. */
    public static TileRun all(Tiling tiling) {
        return new TileRun(0, tiling.tiles());
    }

    /**
     * All tiles in runs of the same length, give or take one.
     *
     * @param runs at least 1; no more than there are tiles are made
     */
    public static List<TileRun> split(int tiles, int runs) {
        int count = Math.min(tiles, runs);
        List<TileRun> split = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            split.add(new TileRun((int) ((long) tiles * i / count), (int) ((long) tiles * (i + 1) / count)));
        }
        return List.copyOf(split);
    }

    public int tiles() {
        return end - first;
    }
}
