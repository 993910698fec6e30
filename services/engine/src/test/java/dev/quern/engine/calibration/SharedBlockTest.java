package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.Cancellation.CancelledException;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.artifact.SharedNames;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.SumRuns;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.activation.Activations;
import dev.quern.recipes.activation.Activations.TokenGrid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The committed model on random text, tiles of two windows: the first blocks shared out as no plan would. */
class SharedBlockTest {
    private static final int SEQ_LEN = 24;
    private static final int UNITS = 4;

    @RegisterExtension
    static final TinyModel model = new TinyModel(1, SEQ_LEN);

    private static final JavaBackend backend = model.backend();

    @TempDir
    Path folder;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private TokenWindows text = text(9);
    private @Nullable Activations activations;
    private CountingStore store;
    private Path scratch;

    @BeforeEach
    void makeFolders() throws IOException {
        store = new CountingStore(new FolderBlockStore(folder.resolve("shared")));
        scratch = Files.createDirectories(folder.resolve("scratch"));
        model.read().clear();
    }

    /** One tile, fewer tiles than runs, as many, more; the last one whole or short. */
    @ParameterizedTest(name = "{0} windows are {1} runs")
    @CsvSource({"1, 1", "3, 2", "6, 3", "7, 4", "13, 4"})
    void sharingChangesNoByte(int windows, int runs) {
        text = text(windows);
        assertThat(SumRuns.of(provenance().recipe(), inputs(backend).tiling())).hasSize(runs);
        try (JavaBackend oneThread = new JavaBackend(DType.F32, 1)) {
            List<JavaBackend> workers = List.of(backend, oneThread);
            for (int block = 0; block < 2; block++) {
                for (int run : shuffled(runs)) {
                    assertThat(shared(workers.get(random.nextInt(2)), block).sum(run))
                            .isTrue();
                }
                for (int unit : shuffled(UNITS)) {
                    assertThat(shared(workers.get(random.nextInt(2)), block).solve(unit))
                            .isTrue();
                }
                assertThat(join(block)).isTrue();
            }
        }

        assertSameAsAlone(2);
        assertThat(store.commits)
                .as("seed %d", seed)
                .allSatisfy((name, times) -> assertThat(times).as(name).isEqualTo(1));
        assertThat(scratch).isEmptyDirectory();
    }

    /** Statistics of rounded inputs are others, under other names from the first block on. */
    @Test
    void roundedActivationsAreSharedToo() {
        SharedNames plain = names(0);
        activations = new Activations(new TokenGrid(4, true, 0.9), new TokenGrid(4, false, 1), true);
        assertThat(names(0).all()).doesNotContainAnyElementsOf(plain.all().toList());

        sharingChangesNoByte(7, 4);
    }

    /** Wherever a step stops, its repetition makes only what is missing. */
    @Test
    void whatIsStoppedGoesOnToTheSameBytesAndNothingIsMadeTwice() {
        int stops = 0;
        for (int block = 0; block < 2; block++) {
            for (int run = 0; run < Provenance.SUM_RUNS; run++) {
                int of = run;
                stops += untilDone(block, shared -> shared.sum(of));
            }
            for (int unit = 0; unit < UNITS; unit++) {
                int of = unit;
                stops += untilDone(block, shared -> shared.solve(of));
            }
            assertThat(join(block)).isTrue();
            assertThat(join(block)).as("again").isTrue();
        }

        assertThat(stops).as("times stopped").isGreaterThan(20);
        assertSameAsAlone(2);
        assertThat(store.commits.values()).containsOnly(1);
    }

    private interface Step {
        boolean run(SharedBlock shared);
    }

    /** Stops it after more and more looks for a cancellation; how often. */
    private int untilDone(int block, Step step) {
        int stops = 0;
        for (int checks = 0; ; checks += 1 + checks / 2) {
            AtomicInteger left = new AtomicInteger(checks);
            try {
                // Memory for one unit's statistics: a pass over the tiles for each, stored before the next.
                assertThat(step.run(shared(backend, block, 1, () -> left.decrementAndGet() < 0)))
                        .isTrue();
                return stops;
            } catch (CancelledException e) {
                stops++;
            }
        }
    }

    @Test
    void aStepSaysWhatItMissesAndDoesNothing() {
        assertThat(shared(1).sum(0)).as("no block before").isFalse();
        assertThat(shared(0).sum(0)).isTrue();
        assertThat(shared(0).sum(1)).isTrue();
        assertThat(shared(0).sum(3)).isTrue();
        assertThat(shared(0).solve(2)).as("one run's statistics missing").isFalse();
        assertThat(shared(0).sum(2)).isTrue();
        assertThat(IntStream.range(1, UNITS)).allMatch(unit -> shared(0).solve(unit));
        assertThat(join(0)).as("one part missing").isFalse();
        assertThat(shared(0).solve(0)).isTrue();
        assertThat(join(0)).isTrue();
    }

    /** Another job on the same inputs has finished the block and deleted what it was made from. */
    @Test
    void ofABlockThatIsThereNothingIsMade() {
        share(0);
        names(0).all().forEach(store.files::delete);
        store.commits.clear();
        model.read().clear();

        share(0);

        assertThat(store.commits).isEmpty();
        assertThat(model.read()).isEmpty();
    }

    /** Each run stores its own tiles, and the next block starts from them: each weight is read once by each step. */
    @Test
    void theNextBlockStartsFromTheStoredTiles() {
        share(0);
        assertThat(shared(1).sum(3)).isTrue();
        for (int tile = 0; tile < 5; tile++) {
            assertThat(store.contains(provenance().stream(1, tile)))
                    .as("tile %d at block 1", tile)
                    .isEqualTo(tile >= 3);
        }
        share(1);
        model.read().clear();

        assertThat(shared(2).sum(0)).isTrue();

        assertThat(model.read())
                .doesNotHaveDuplicates()
                .noneMatch(name -> name.startsWith("model.layers.0.") || name.contains("embed"));
    }

    @Test
    void damagedStatisticsAreReportedByName() throws IOException {
        for (int run = 0; run < Provenance.SUM_RUNS; run++) {
            shared(0).sum(run);
        }
        ArtifactName name = names(0).statistics().get(2).get(1);
        Path file = store.find(name).orElseThrow();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        assertThat(shared(0).solve(0)).as("reads others").isTrue();
        assertThatThrownBy(() -> shared(0).solve(1))
                .isInstanceOfSatisfying(
                        DamagedArtifactException.class,
                        e -> assertThat(e.artifact()).isEqualTo(name));

        store.files.delete(name);
        assertThat(shared(0).solve(1)).isFalse();
        assertThat(shared(0).sum(2)).isTrue();
        assertThat(shared(0).solve(1)).isTrue();
    }

    @Test
    void nothingStaysAllocated() {
        long before = backend.memory().liveBytes();
        share(0);

        assertThat(backend.memory().liveBytes()).isEqualTo(before);
    }

    private void share(int block) {
        assertThat(IntStream.range(0, Provenance.SUM_RUNS))
                .allMatch(run -> shared(block).sum(run));
        assertThat(IntStream.range(0, UNITS)).allMatch(unit -> shared(block).solve(unit));
        assertThat(join(block)).isTrue();
    }

    private SharedBlock shared(int block) {
        return shared(backend, block);
    }

    private SharedBlock shared(JavaBackend on, int block) {
        return shared(on, block, Long.MAX_VALUE, Cancellation.NEVER);
    }

    private SharedBlock shared(JavaBackend on, int block, long statisticsBytes, Cancellation cancellation) {
        return new SharedBlock(
                on,
                inputs(on),
                store,
                new WalkOptions(scratch, statisticsBytes, WalkListener.NONE, cancellation),
                block);
    }

    private boolean join(int block) {
        return SharedBlock.join(model.architecture(), provenance(), store, scratch, block);
    }

    private void assertSameAsAlone(int blocks) {
        FolderBlockStore alone = new FolderBlockStore(folder.resolve("alone"));
        WalkOptions options = new WalkOptions(scratch, Long.MAX_VALUE, WalkListener.NONE, Cancellation.NEVER);
        Slice slice = new Slice(0, blocks);
        try (BlockWalk walk = BlockWalk.open(backend, inputs(backend), alone, options, slice)) {
            while (walk.hasNext()) {
                walk.next();
            }
        }
        for (int block = 0; block < blocks; block++) {
            TinyModel.assertSameBlock(provenance().block(block), store.files, alone);
        }
    }

    private SharedNames names(int block) {
        return provenance().shared(block, UNITS);
    }

    private WalkInputs inputs(JavaBackend on) {
        return model.inputs(on, text, provenance());
    }

    private Provenance provenance() {
        Provenance other = model.provenance(3, 0.01, Propagation.SEQUENTIAL);
        int tile = Math.min(text.count(), other.windowsPerTile());
        Recipe recipe = other.recipe().withActivations(activations);
        return new Provenance(other.modelDigest(), recipe, text.digest(), tile, other.profile());
    }

    private TokenWindows text(int windows) {
        int[] tokens = random.ints(
                        (long) windows * SEQ_LEN, 0, model.architecture().vocabulary())
                .toArray();
        return new TokenWindows("random", SEQ_LEN, tokens);
    }

    private List<Integer> shuffled(int count) {
        List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
        Collections.shuffle(order, random);
        return order;
    }

    /** Counts what it took, by name. */
    private record CountingStore(FolderBlockStore files, Map<String, Integer> commits) implements BlockStore {
        CountingStore(FolderBlockStore files) {
            this(files, new HashMap<>());
        }

        @Override
        public Optional<Path> find(ArtifactName name) {
            return files.find(name);
        }

        @Override
        public boolean contains(ArtifactName name) {
            return files.contains(name);
        }

        @Override
        public boolean commit(ArtifactName name, Path file) {
            commits.merge(name.fileName(), 1, Integer::sum);
            return files.commit(name, file);
        }
    }
}
