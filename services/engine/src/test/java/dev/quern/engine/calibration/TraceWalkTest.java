package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.Cancellation.CancelledException;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.calibration.TraceWalk.Traced;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.recipes.Recipe.Propagation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The committed model of four blocks, in segments, on five tiles of two windows, the last of one. */
class TraceWalkTest {
    private static final int TILES = 5;
    private static final int BLOCKS = 4;

    @RegisterExtension
    static final TinyModel model = new TinyModel(9, 24);

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
        walk(backend, undivided, folder, new Slice(0, BLOCKS));
    }

    @BeforeEach
    void makeFolders() throws IOException {
        store = new FolderBlockStore(folder.resolve("store"));
        scratch = Files.createDirectories(folder.resolve("scratch"));
        model.read().clear();
    }

    /**
     * The runs of the trace and the segments come in an order that no plan would choose, on workers of different
     * threads.
     */
    @ParameterizedTest(name = "{0} segments, {1} trace runs")
    @CsvSource({"1, 1", "2, 1", "2, 2", "2, 5", "3, 3", "4, 1", "4, 2", "4, 4"})
    void segmentsAndRunsOfTheTraceChangeNoBit(int segments, int runs) {
        List<Slice> split = Slice.split(BLOCKS, segments);
        try (JavaBackend oneThread = new JavaBackend(DType.F32, 1)) {
            List<TileRun> traces = TileRun.split(TILES, runs);
            for (int i = 0; i < runs; i++) {
                JavaBackend on = i % 2 == 0 ? oneThread : backend;
                trace(on, traces.get(runs - 1 - i), split, Cancellation.NEVER);
            }
            for (Slice segment : split.reversed()) {
                model.read().clear();
                walk(oneThread, store, scratch, segment);
                assertThat(blocksRead())
                        .as("no block before a segment is walked again")
                        .containsExactlyElementsOf(blocks(segment.first(), segment.end()));
            }
        }
        assertSameBlocks();
        assertThat(scratch).isEmptyDirectory();
    }

    @Test
    void aTraceReadsEachWeightOnceForAllTilesOfItsRun() {
        trace(backend, new TileRun(0, 4), Slice.split(BLOCKS, 2), Cancellation.NEVER);

        assertThat(model.read())
                .doesNotHaveDuplicates()
                .hasSize(1 + 2 * 9)
                .contains(model.architecture().embedding().weight());
        assertThat(blocksRead()).as("up to the last start").containsExactly(0, 1);
    }

    @Test
    void whatIsStoredIsNotMadeAgain() {
        List<Slice> segments = Slice.split(BLOCKS, BLOCKS);
        TileRun run = new TileRun(1, 4);
        assertThat(trace(backend, run, segments, Cancellation.NEVER)).isEqualTo(new Traced(9, 0));
        model.read().clear();

        assertThat(trace(backend, run, segments, Cancellation.NEVER)).isEqualTo(new Traced(0, 9));
        assertThat(model.read()).isEmpty();

        store.delete(provenance().stream(2, 3));
        assertThat(trace(backend, run, segments, Cancellation.NEVER)).isEqualTo(new Traced(1, 8));
        assertThat(blocksRead()).as("from the start before it").containsExactly(1);
    }

    @Test
    void aStoppedTraceGoesOnToTheSameBytes() throws IOException {
        List<Slice> segments = Slice.split(BLOCKS, BLOCKS);
        TileRun run = new TileRun(0, TILES);
        int made = 0;
        int stops = 0;
        // Wherever it is stopped: while embedding, in a block, between tiles; a little later each time.
        for (int checks = 1; made < 3 * TILES; checks += 1 + checks / 3) {
            AtomicInteger left = new AtomicInteger(checks);
            try {
                trace(backend, run, segments, () -> left.decrementAndGet() < 0);
            } catch (CancelledException e) {
                stops++;
            }
            made = stored();
        }

        assertThat(stops).as("times stopped").isGreaterThan(3);
        FolderBlockStore other = new FolderBlockStore(folder.resolve("undisturbed"));
        TraceWalk.walk(backend, inputs(backend), other, options(scratch, Cancellation.NEVER), run, starts(segments));
        for (int block = 1; block < BLOCKS; block++) {
            for (ArtifactName name : provenance().streams(block, TILES)) {
                assertThat(store.find(name).orElseThrow())
                        .hasSameBinaryContentAs(other.find(name).orElseThrow());
            }
        }
    }

    @Test
    void aStartWithATileMissingIsReplayed() {
        trace(backend, new TileRun(0, TILES), Slice.split(BLOCKS, BLOCKS), Cancellation.NEVER);
        store.delete(provenance().stream(3, 4));
        store.delete(provenance().stream(2, 0));
        model.read().clear();

        walk(backend, store, scratch, new Slice(3, BLOCKS));

        assertThat(blocksRead()).as("from the nearest whole boundary").containsExactly(1, 2, 3);
        assertSameBlock(3);
    }

    @Test
    void aDamagedStreamIsReportedByName() throws IOException {
        List<Slice> segments = Slice.split(BLOCKS, 2);
        trace(backend, new TileRun(0, TILES), segments, Cancellation.NEVER);
        ArtifactName name = provenance().stream(2, 1);
        Path file = store.find(name).orElseThrow();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        assertThatThrownBy(() -> walk(backend, store, scratch, segments.getLast()))
                .isInstanceOfSatisfying(
                        DamagedArtifactException.class,
                        e -> assertThat(e.artifact()).isEqualTo(name));
        assertThat(file).hasBinaryContent(bytes);
    }

    /** Gradients are those of the original model, whatever feeds the blocks of a compression. */
    @Test
    void aSequentialRecipeTracesTheOriginalModel() {
        WalkInputs inputs = model.inputs(backend, model.provenance(3, 0.01, Propagation.SEQUENTIAL));
        TileRun run = new TileRun(0, TILES);
        TraceWalk.walk(backend, inputs, store, options(scratch, Cancellation.NEVER), run, List.of(2));

        Traced other = trace(backend, run, Slice.split(BLOCKS, 2), Cancellation.NEVER);

        assertThat(other).isEqualTo(new Traced(0, TILES));
    }

    private Traced trace(JavaBackend on, TileRun run, List<Slice> segments, Cancellation cancellation) {
        return TraceWalk.walk(on, inputs(on), store, options(scratch, cancellation), run, starts(segments));
    }

    private static List<Integer> starts(List<Slice> segments) {
        return segments.stream().map(Slice::first).toList();
    }

    private static void walk(JavaBackend on, FolderBlockStore store, Path scratch, Slice slice) {
        try (BlockWalk walk = BlockWalk.open(on, inputs(on), store, options(scratch, Cancellation.NEVER), slice)) {
            while (walk.hasNext()) {
                walk.next();
            }
        }
    }

    private static WalkInputs inputs(JavaBackend on) {
        return model.inputs(on, provenance());
    }

    private static WalkOptions options(Path scratch, Cancellation cancellation) {
        return new WalkOptions(scratch, Long.MAX_VALUE, WalkListener.NONE, cancellation);
    }

    private static Provenance provenance() {
        return model.provenance(3, 0.01, Propagation.INDEPENDENT);
    }

    /** Blocks whose weights were read, in the order of their first reading. */
    private List<Integer> blocksRead() {
        return model.read().stream()
                .filter(name -> name.startsWith("model.layers."))
                .map(name -> Integer.parseInt(name.split("\\.", -1)[2]))
                .distinct()
                .toList();
    }

    private static List<Integer> blocks(int first, int end) {
        return IntStream.range(first, end).boxed().toList();
    }

    private int stored() {
        int stored = 0;
        for (int block = 1; block < BLOCKS; block++) {
            for (ArtifactName name : provenance().streams(block, TILES)) {
                stored += store.contains(name) ? 1 : 0;
            }
        }
        return stored;
    }

    private void assertSameBlocks() {
        for (int block = 0; block < BLOCKS; block++) {
            assertSameBlock(block);
        }
    }

    private void assertSameBlock(int block) {
        TinyModel.assertSameBlock(provenance().block(block), store, undivided);
    }
}
