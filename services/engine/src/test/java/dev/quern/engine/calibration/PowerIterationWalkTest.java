package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.Cancellation;
import dev.quern.engine.Cancellation.CancelledException;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.GradientNames;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.gradient.ModelPass;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.statistics.Sides;
import dev.quern.engine.statistics.SketchSpec;
import dev.quern.engine.statistics.SketchSums;
import dev.quern.engine.statistics.StoredSketches;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Yaqa.Sketch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Walks of gradients whose sketches are made in several passes, on three tiles of two windows, the last of one. */
class PowerIterationWalkTest {
    private static final int BLOCKS = 4;
    private static final int WINDOWS = 5;
    private static final int SEQ_LEN = 16;
    private static final long SEED = 1;
    private static final TileRun RUN = new TileRun(0, 3);
    private static final long ALL = 1 << 30;
    private static final Sketch TOKENS = new Sketch.Tokens(5);
    private static final SketchSpec BOTH = new SketchSpec(TOKENS, Sides.BOTH);

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
        walk(backend, BOTH, undivided, options(folder, ALL, Cancellation.NEVER), new Slice(0, BLOCKS));
        assertThat(folder).isEmptyDirectory();
    }

    @BeforeEach
    void makeFolders() throws IOException {
        store = new FolderBlockStore(folder.resolve("store"));
        scratch = Files.createDirectories(folder.resolve("scratch"));
    }

    /** Each linear is iterated by itself; another number of threads; segments. */
    @Test
    void memoryThreadsAndSegmentsChangeNoBit() {
        try (JavaBackend oneThread = new JavaBackend(DType.F32, 1)) {
            for (Slice segment : Slice.split(BLOCKS, 3).reversed()) {
                walk(oneThread, BOTH, store, options(scratch, 1, Cancellation.NEVER), segment);
            }
        }
        sketches().forEach(this::assertSame);
        assertThat(scratch).isEmptyDirectory();
    }

    /** Wherever it is stopped: forward, at the head, in any pass, between two sketches; a little later each time. */
    @Test
    void aStoppedWalkContinuesToTheSameBytes() {
        int stops = 0;
        for (int checks = 5; !sketches().allMatch(store::contains); checks += 1 + checks / 2) {
            AtomicInteger left = new AtomicInteger(checks);
            try {
                for (Slice segment : Slice.split(BLOCKS, 2).reversed()) {
                    walk(backend, BOTH, store, options(scratch, ALL, () -> left.decrementAndGet() < 0), segment);
                }
            } catch (CancelledException e) {
                stops++;
            }
        }
        assertThat(stops).as("times stopped").isGreaterThan(3);
        sketches().forEach(this::assertSame);
        assertThat(scratch).isEmptyDirectory();
    }

    /** The fifth half-step is the inputs', so four are enough for the outputs. */
    @Test
    void theOuterFactorsAloneAreTheSame() {
        SketchSpec outer = new SketchSpec(TOKENS, Sides.OUTER);
        walk(backend, outer, store, options(scratch, ALL, Cancellation.NEVER), new Slice(2, BLOCKS));
        for (LinearSpec linear : linears()) {
            assertSame(names(TOKENS).outer(3, linear.name(), RUN.first(), RUN.end()));
            assertThat(store.contains(names(TOKENS).inner(3, linear.name(), RUN.first(), RUN.end())))
                    .isFalse();
        }
    }

    /** Streams and gradients are the same for all sketches, the sums are not. */
    @Test
    void theIterationsArePartOfANameOfASum() {
        GradientNames windows = names(new Sketch.Windows());
        GradientNames six = names(new Sketch.Tokens(6));
        assertThat(names(TOKENS).gradient(2, 0))
                .isEqualTo(windows.gradient(2, 0))
                .isEqualTo(six.gradient(2, 0));
        assertThat(Stream.of(windows, names(TOKENS), six).map(names -> names.outer(2, "mlp.up_proj", 0, 2)))
                .doesNotHaveDuplicates();
    }

    /** As builds without a choice of sketches name them, so that what they stored is found. */
    @Test
    void theNamesOfSumsOverWindowsStay() {
        Provenance provenance = new Provenance(
                "model", model.provenance(4, 0.01, Propagation.INDEPENDENT).recipe(), "text", 2, "profile");
        GradientNames names = new GradientNames(provenance, 7, new Sketch.Windows());
        assertThat(names.outer(2, "mlp.up_proj", 0, 2).inputKey())
                .isEqualTo("0e48955637346ec133a7dcb11c85bb2ebf52f627470a78e37691d927ddac872b");
        assertThat(names.inner(2, "mlp.up_proj", 0, 2).inputKey())
                .isEqualTo("174ce7b34a1301cae937ac7dba76009390b828850130ecd55e08a8fe9ae7a736");
    }

    /** Streams, segments, scratch and stored sums against one pass over the whole model, iterated on its own. */
    @Test
    void aWalkIsTheWholeModelAtOnce() {
        try (JavaBackend exact = new JavaBackend(DType.F64, 2);
                Scope scope = exact.memory().scope()) {
            WalkInputs inputs = inputs(exact);
            for (Slice segment : Slice.split(BLOCKS, 2).reversed()) {
                walk(exact, BOTH, store, options(scratch, ALL, Cancellation.NEVER), segment);
            }
            StoredSketches stored = new StoredSketches(
                    exact, store, new GradientNames(inputs.provenance(), SEED, TOKENS), List.of(RUN), Sides.BOTH);
            int[] tokens = inputs.windows().tokens(0, inputs.windows().count());
            new ModelPass(exact, scope, model.architecture(), inputs.weights(), tokens, SEQ_LEN, true)
                    .back(scope, SEED, 0, (block, linear, x, g) -> {
                        KroneckerSketch sketch = stored.read(block, linear, scope);
                        assertThat(sketch.windows()).isEqualTo(WINDOWS);
                        try (SketchSums whole = BOTH.open(exact, List.of(linear), SEQ_LEN)) {
                            for (int pass = 0; pass < BOTH.passes(); pass++) {
                                whole.begin(pass);
                                whole.record(linear, x, g);
                            }
                            KroneckerSketch expected = whole.of(linear);
                            assertClose(exact, sketch.outer(), expected.outer());
                            assertClose(exact, sketch.requireInner(), expected.requireInner());
                        }
                    });
        }
    }

    /** Both have means from 1 to 2 on their diagonals. Leaves their difference in the first. */
    private static void assertClose(JavaBackend exact, Tensor actual, Tensor expected) {
        double size = exact.elementwise().maxAbs(expected);
        exact.elementwise().scale(-1, actual);
        exact.elementwise().add(actual, expected, actual);
        assertThat(exact.elementwise().maxAbs(actual)).isLessThan(1e-9 * size);
    }

    private static void walk(
            JavaBackend on, SketchSpec spec, FolderBlockStore store, WalkOptions options, Slice slice) {
        try (GradientWalk walk = GradientWalk.open(on, inputs(on), SEED, spec, store, options, RUN, slice)) {
            while (walk.hasNext()) {
                walk.next();
            }
            walk.rest();
        }
    }

    private void assertSame(ArtifactName name) {
        assertThat(store.find(name).orElseThrow())
                .hasSameBinaryContentAs(undivided.find(name).orElseThrow());
    }

    private static Stream<ArtifactName> sketches() {
        return IntStream.range(0, BLOCKS)
                .boxed()
                .flatMap(block -> linears().stream()
                        .flatMap(linear -> Stream.of(
                                names(TOKENS).outer(block, linear.name(), RUN.first(), RUN.end()),
                                names(TOKENS).inner(block, linear.name(), RUN.first(), RUN.end()))));
    }

    private static List<LinearSpec> linears() {
        return model.architecture().blocks().getFirst().program().linears();
    }

    private static GradientNames names(Sketch sketch) {
        return new GradientNames(model.provenance(4, 0.01, Propagation.INDEPENDENT), SEED, sketch);
    }

    private static WalkInputs inputs(JavaBackend on) {
        return model.inputs(on, model.provenance(4, 0.01, Propagation.INDEPENDENT));
    }

    private static WalkOptions options(Path scratch, long memory, Cancellation cancellation) {
        return new WalkOptions(scratch, memory, WalkListener.NONE, cancellation);
    }
}
