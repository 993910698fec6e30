package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.Cancellation.CancelledException;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.GradientNames;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.LinearAlgebra;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.gradient.ModelPass;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.statistics.Sides;
import dev.quern.engine.statistics.SketchSpec;
import dev.quern.engine.statistics.StoredSketches;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Yaqa.Sketch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The committed model of four blocks, on three tiles of two windows, the last of one; two runs of tiles. */
class GradientWalkTest {
    private static final int BLOCKS = 4;
    private static final int WINDOWS = 5;
    private static final int SEQ_LEN = 16;
    private static final List<TileRun> RUNS = List.of(new TileRun(0, 2), new TileRun(2, 3));
    private static final long ALL = 1 << 30;
    private static final SketchSpec BOTH = new SketchSpec(new Sketch.Windows(), Sides.BOTH);

    @RegisterExtension
    static final TinyModel model = new TinyModel(WINDOWS, SEQ_LEN);

    private static final JavaBackend backend = model.backend();

    @TempDir
    static Path shared;

    private static FolderBlockStore undivided;

    @TempDir
    Path folder;

    private FolderBlockStore store;
    private Path scratch;

    @BeforeAll
    static void walkUndivided() throws IOException {
        undivided = new FolderBlockStore(shared.resolve("undivided"));
        Path folder = Files.createDirectories(shared.resolve("scratch"));
        for (TileRun run : RUNS) {
            try (GradientWalk walk = GradientWalk.open(
                    backend,
                    inputs(backend),
                    1,
                    BOTH,
                    undivided,
                    options(folder, ALL, Cancellation.NEVER),
                    run,
                    new Slice(0, BLOCKS))) {
                while (walk.hasNext()) {
                    walk.next();
                }
                assertThat(walk.rest().isEmpty()).isTrue();
            }
        }
        assertThat(folder).isEmptyDirectory();
    }

    @BeforeEach
    void makeFolders() throws IOException {
        store = new FolderBlockStore(folder.resolve("store"));
        scratch = Files.createDirectories(folder.resolve("scratch"));
        model.read().clear();
    }

    /** Segments from traced streams or from the tokens, runs in any order, workers of different threads. */
    @ParameterizedTest(name = "{0} segments, traced: {1}")
    @CsvSource({"1, false", "2, true", "2, false", "3, true", "4, true"})
    void segmentsAndWorkersChangeNoBit(int segments, boolean traced) {
        List<Slice> split = Slice.split(BLOCKS, segments);
        try (JavaBackend oneThread = new JavaBackend(DType.F32, 1)) {
            for (TileRun run : RUNS.reversed()) {
                JavaBackend on = run.first() == 0 ? oneThread : backend;
                if (traced) {
                    TraceWalk.walk(
                            on, inputs(on), store, options(scratch, ALL, Cancellation.NEVER), run, starts(split));
                }
                for (Slice segment : split.reversed()) {
                    model.read().clear();
                    walk(on, 1, ALL, run, segment, Cancellation.NEVER);
                    if (traced) {
                        assertThat(blocksRead())
                                .as("the blocks of the segment, forward and back")
                                .hasSameElementsAs(IntStream.range(segment.first(), segment.end())
                                        .boxed()
                                        .toList());
                    }
                }
            }
        }
        assertSameSketches();
        assertThat(scratch).isEmptyDirectory();
    }

    /** As if time were up after each block; the next walk begins where the last one stored the gradient. */
    @Test
    void aWalkInSlicesGivesTheSameBits() {
        for (TileRun run : RUNS) {
            Slice left = new Slice(0, BLOCKS);
            while (!left.isEmpty()) {
                try (GradientWalk walk = open(backend, 1, ALL, run, left, Cancellation.NEVER)) {
                    assertThat(walk.next()).isTrue();
                    left = walk.rest();
                }
                assertThat(store.contains(names(1).gradient(left.end(), run.first())))
                        .isEqualTo(left.end() > 0);
            }
        }
        assertSameSketches();
    }

    /** Too little memory for two sketches at once: each linear has a pass of its own. */
    @Test
    void memoryChangesNoBit() {
        RUNS.forEach(run -> walk(backend, 1, 1, run, new Slice(0, BLOCKS), Cancellation.NEVER));
        assertSameSketches();
    }

    @Test
    void whatIsStoredIsNotMadeAgain() {
        Slice whole = new Slice(0, BLOCKS);
        walk(backend, 1, ALL, RUNS.getLast(), whole, Cancellation.NEVER);
        model.read().clear();
        walk(backend, 1, ALL, RUNS.getLast(), whole, Cancellation.NEVER);
        assertThat(model.read()).isEmpty();

        ArtifactName lost = names(1).inner(2, "mlp.up_proj", 2, 3);
        store.delete(lost);
        walk(backend, 1, ALL, RUNS.getLast(), whole, Cancellation.NEVER);
        assertThat(store.find(lost).orElseThrow())
                .hasSameBinaryContentAs(undivided.find(lost).orElseThrow());
    }

    @Test
    void aStoppedWalkContinuesToTheSameBytes() {
        List<Slice> segments = Slice.split(BLOCKS, 2).reversed();
        int stops = 0;
        for (TileRun run : RUNS) {
            // Wherever it is stopped: forward, at the head, in a block, between two sketches; a little later each time.
            for (int checks = 5; !isDone(run); checks += 1 + checks / 2) {
                AtomicInteger left = new AtomicInteger(checks);
                try {
                    for (Slice segment : segments) {
                        walk(backend, 1, ALL, run, segment, () -> left.decrementAndGet() < 0);
                    }
                } catch (CancelledException e) {
                    stops++;
                }
            }
        }
        assertThat(stops).as("times stopped").isGreaterThan(3);
        assertSameSketches();
        assertThat(scratch).isEmptyDirectory();
    }

    private boolean isDone(TileRun run) {
        return sketches(1, run).allMatch(store::contains);
    }

    @Test
    void aDamagedGradientIsReportedByName() throws IOException {
        List<Slice> segments = Slice.split(BLOCKS, 2);
        walk(backend, 1, ALL, RUNS.getLast(), segments.getLast(), Cancellation.NEVER);
        ArtifactName name = names(1).gradient(2, 2);
        Path file = store.find(name).orElseThrow();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        assertThatThrownBy(() -> walk(backend, 1, ALL, RUNS.getLast(), segments.getFirst(), Cancellation.NEVER))
                .isInstanceOfSatisfying(
                        DamagedArtifactException.class,
                        e -> assertThat(e.artifact()).isEqualTo(name));
    }

    /** A lost gradient is made again from the labels. */
    @Test
    void aLostGradientIsMadeAgain() {
        List<Slice> segments = Slice.split(BLOCKS, 2);
        walk(backend, 1, ALL, RUNS.getLast(), segments.getLast(), Cancellation.NEVER);
        store.delete(names(1).gradient(2, 2));
        walk(backend, 1, ALL, RUNS.getLast(), segments.getFirst(), Cancellation.NEVER);
        sketches(1, RUNS.getLast()).forEach(this::assertSame);
    }

    /** Neither bits nor damping nor propagation enter a name. */
    @Test
    void namesFollowFromModelTextAndSeed() {
        GradientNames other = new GradientNames(model.provenance(3, 0.5, Propagation.SEQUENTIAL), 1, BOTH.sketch());
        assertThat(other.outer(2, "mlp.up_proj", 0, 2)).isEqualTo(names(1).outer(2, "mlp.up_proj", 0, 2));
        assertThat(other.stream(2, 0)).isEqualTo(names(1).stream(2, 0));
        assertThat(names(1).stream(2, 0)).isEqualTo(model.provenance(4, 0.01, Propagation.INDEPENDENT).stream(2, 0));
        List<ArtifactName> different = List.of(
                names(1).outer(2, "mlp.up_proj", 0, 2),
                names(2).outer(2, "mlp.up_proj", 0, 2),
                names(1).inner(2, "mlp.up_proj", 0, 2),
                names(1).outer(1, "mlp.up_proj", 0, 2),
                names(1).outer(2, "mlp.down_proj", 0, 2),
                names(1).outer(2, "mlp.up_proj", 0, 3),
                names(1).gradient(2, 0));
        assertThat(different).doesNotHaveDuplicates();
    }

    /** Two entries, the states in work, room for what leaves the last block, and a gradient. */
    @Test
    void scratchIsCounted() {
        assertThat(GradientWalk.scratchBytes(new Slice(1, 3), 8, 100, DType.F32))
                .isEqualTo(100 * 8 * (4 * 2 + 4));
    }

    @Test
    void theOuterFactorsCanBeStoredAlone() {
        TileRun run = RUNS.getLast();
        try (GradientWalk walk = GradientWalk.open(
                backend,
                inputs(backend),
                1,
                new SketchSpec(BOTH.sketch(), Sides.OUTER),
                store,
                options(scratch, ALL, Cancellation.NEVER),
                run,
                new Slice(3, BLOCKS))) {
            walk.next();
        }
        for (LinearSpec linear : linears()) {
            assertThat(store.contains(names(1).inner(3, linear.name(), 2, 3))).isFalse();
            assertThat(store.contains(names(1).outer(3, linear.name(), 2, 3))).isTrue();
        }
    }

    /**
     * Streams, segments, scratch and stored sums against one pass over the whole model and the definition of the sums,
     * for two tilings.
     */
    @ParameterizedTest
    @CsvSource({"1", "2"})
    void aWalkIsTheWholeModelAtOnce(int windowsPerTile) {
        Provenance provenance = model.provenance(
                model.provenance(4, 0.01, Propagation.INDEPENDENT).recipe(), windowsPerTile);
        GradientNames names = new GradientNames(provenance, 7, BOTH.sketch());
        try (JavaBackend exact = new JavaBackend(DType.F64, 2);
                Scope scope = exact.memory().scope()) {
            WalkInputs inputs = model.inputs(exact, provenance);
            List<TileRun> runs = TileRun.split(inputs.tiling().tiles(), 2);
            WalkOptions options = options(scratch, ALL, Cancellation.NEVER);
            for (TileRun run : runs) {
                for (Slice segment : Slice.split(BLOCKS, 2).reversed()) {
                    try (GradientWalk walk = GradientWalk.open(exact, inputs, 7, BOTH, store, options, run, segment)) {
                        while (walk.hasNext()) {
                            walk.next();
                        }
                        walk.rest();
                    }
                }
            }
            StoredSketches stored = new StoredSketches(exact, store, names, runs, Sides.BOTH);
            int[] tokens = inputs.windows().tokens(0, inputs.windows().count());
            new ModelPass(exact, scope, model.architecture(), inputs.weights(), tokens, SEQ_LEN, true)
                    .back(scope, 7, 0, (block, linear, x, g) -> {
                        KroneckerSketch sketch = stored.read(block, linear, scope);
                        assertThat(sketch.windows()).isEqualTo(WINDOWS);
                        verify(exact, x, g, sketch);
                    });
        }
    }

    private static void verify(JavaBackend exact, Tensor x, Tensor g, KroneckerSketch sketch) {
        Tensor inner = Objects.requireNonNull(sketch.inner());
        try (Scope scope = exact.memory().scope()) {
            Tensor gradient = scope.allocate(DType.F64, g.cols(), x.cols());
            double outerSize = exact.elementwise().maxAbs(sketch.outer());
            double innerSize = exact.elementwise().maxAbs(inner);
            for (int from = 0; from < x.rows(); from += SEQ_LEN) {
                Tensor xs = x.rows(from, from + SEQ_LEN);
                Tensor gs = g.rows(from, from + SEQ_LEN);
                LinearAlgebra algebra = exact.linearAlgebra();
                algebra.gemm(Precision.F64, 1, gs, true, xs, false, 0, gradient);
                algebra.gemm(Precision.F64, -1, gradient, false, gradient, true, 1, sketch.outer());
                algebra.gemm(Precision.F64, -1, gradient, true, gradient, false, 1, inner);
            }
            assertThat(exact.elementwise().maxAbs(sketch.outer())).isLessThan(1e-9 * outerSize);
            assertThat(exact.elementwise().maxAbs(inner)).isLessThan(1e-9 * innerSize);
        }
    }

    private static List<Integer> starts(List<Slice> segments) {
        return segments.stream().map(Slice::first).toList();
    }

    private GradientWalk open(JavaBackend on, long seed, long memory, TileRun run, Slice slice, Cancellation stop) {
        return GradientWalk.open(on, inputs(on), seed, BOTH, store, options(scratch, memory, stop), run, slice);
    }

    private void walk(JavaBackend on, long seed, long memory, TileRun run, Slice slice, Cancellation stop) {
        try (GradientWalk walk = open(on, seed, memory, run, slice, stop)) {
            while (walk.hasNext()) {
                walk.next();
            }
            walk.rest();
        }
    }

    private void assertSameSketches() {
        RUNS.forEach(run -> sketches(1, run).forEach(this::assertSame));
    }

    private void assertSame(ArtifactName name) {
        assertThat(store.find(name).orElseThrow())
                .hasSameBinaryContentAs(undivided.find(name).orElseThrow());
    }

    private static Stream<ArtifactName> sketches(long seed, TileRun run) {
        return IntStream.range(0, BLOCKS)
                .boxed()
                .flatMap(block -> linears().stream()
                        .flatMap(linear -> Stream.of(
                                names(seed).outer(block, linear.name(), run.first(), run.end()),
                                names(seed).inner(block, linear.name(), run.first(), run.end()))));
    }

    private static List<LinearSpec> linears() {
        return model.architecture().blocks().getFirst().program().linears();
    }

    private static GradientNames names(long seed) {
        return new GradientNames(model.provenance(4, 0.01, Propagation.INDEPENDENT), seed, BOTH.sketch());
    }

    private static WalkInputs inputs(JavaBackend on) {
        return model.inputs(on, model.provenance(4, 0.01, Propagation.INDEPENDENT));
    }

    private static WalkOptions options(Path scratch, long memory, Cancellation cancellation) {
        return new WalkOptions(scratch, memory, WalkListener.NONE, cancellation);
    }

    private static List<Integer> blocksRead() {
        return model.read().stream()
                .filter(name -> name.startsWith("model.layers."))
                .map(name -> Integer.parseInt(name.split("\\.", -1)[2]))
                .distinct()
                .toList();
    }
}
