package dev.quern.bench;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.calibration.BlockWalk;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.engine.calibration.WalkOptions;
import dev.quern.engine.run.Source;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.Tiling;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.openblas.OpenBlasBackend;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What a second recipe costs when it shares the walk: 4 bits alone against 4 and 3 bits together, the built-in text,
 * best of the rounds. Goal: at most 1.35 times one of them.
 *
 * <p>Arguments: a checkpoint, threads, windows of calibration, rounds.
 */
public final class SharedWalkBench {
    private static final long STATISTICS = 8L << 30;

    private final OpenBlasBackend backend;
    private final Source source;
    private final TokenWindows windows;

    private SharedWalkBench(OpenBlasBackend backend, Source source, TokenWindows windows) {
        this.backend = backend;
        this.source = source;
        this.windows = windows;
    }

    public static void main(String[] args) throws IOException {
        Path model = Path.of(args[0]);
        int rounds = Integer.parseInt(args[3]);
        try (OpenBlasBackend backend = new OpenBlasBackend(Integer.parseInt(args[1]));
                Source source = Source.open(model);
                Tokenizer tokenizer = Tokenizer.open(model)) {
            Datasets datasets = new Datasets(
                    tokenizer,
                    source.architecture().vocabulary(),
                    source.architecture().maxPositions());
            TokenWindows windows = datasets.calibration(null, Integer.parseInt(args[2]), null);
            new SharedWalkBench(backend, source, windows).compare(rounds);
        }
    }

    private void compare(int rounds) throws IOException {
        double alone = Double.POSITIVE_INFINITY;
        double together = Double.POSITIVE_INFINITY;
        for (int round = 0; round < rounds; round++) {
            alone = Math.min(alone, seconds(List.of(provenance(4))));
            together = Math.min(together, seconds(List.of(provenance(4), provenance(3))));
        }
        System.out.printf(
                Locale.ROOT,
                "%d windows of %d: 4 bits %.2f s, 4 and 3 bits %.2f s, %.3f times%n",
                windows.count(),
                windows.seqLen(),
                alone,
                together,
                together / alone);
    }

    private double seconds(List<Provenance> provenances) throws IOException {
        Path folder = Files.createTempDirectory("quern-shared-walk");
        WalkInputs inputs = new WalkInputs(
                source.architecture(), source.model().weights(backend), source.storedType(), windows, provenances);
        WalkOptions options = new WalkOptions(folder, STATISTICS, WalkListener.NONE, Cancellation.NEVER);
        Slice all = new Slice(0, source.architecture().blocks().size());
        long start = System.nanoTime();
        try (BlockWalk walk = BlockWalk.open(backend, inputs, new FolderBlockStore(folder), options, all)) {
            while (walk.hasNext()) {
                walk.next();
            }
            return (System.nanoTime() - start) / 1e9;
        } finally {
            delete(folder);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private Provenance provenance(int bits) {
        Grid grid = new Grid(bits, 32, true, ClipSearch.MSE);
        Recipe recipe = new Recipe("w" + bits, Propagation.INDEPENDENT, grid, new Gptq(Order.STATIC, 0.01), true);
        int tile = Tiling.of(windows.count(), windows.seqLen()).windowsPerTile();
        return new Provenance("model", recipe, windows.digest(), tile, "bench");
    }
}
