package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.Cancellation.CancelledException;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.tiling.Slice;
import dev.quern.recipes.Recipe.Propagation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The committed model, compressed by the plain backend on a little text: five tiles of two windows, the last of one.
 */
class BlockWalkTest {
    private static final long ALL_STATISTICS = Long.MAX_VALUE;

    @RegisterExtension
    static final TinyModel model = new TinyModel(9, 24);

    private static final JavaBackend backend = model.backend();

    @TempDir
    Path folder;

    private final List<Integer> made = new ArrayList<>();
    private final List<Integer> reused = new ArrayList<>();
    private Path scratch;

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createDirectories(folder.resolve("scratch"));
    }

    @ParameterizedTest
    @EnumSource
    void everyLinearIsBetterThanPlainRounding(Propagation propagation) {
        FolderBlockStore store = store("a");

        List<LinearRecord> linears = new ArrayList<>();
        try (BlockWalk walk = walk(backend, propagation, store, ALL_STATISTICS, Cancellation.NEVER, all())) {
            while (walk.hasNext()) {
                linears.addAll(walk.next());
            }
            assertThat(walk.rest().isEmpty()).isTrue();
        }

        assertThat(made).containsExactly(0, 1, 2, 3);
        assertThat(linears).hasSize(4 * 7).allSatisfy(linear -> {
            assertThat(linear.figures().relativeError())
                    .isPositive()
                    .isLessThan(linear.figures().relativeErrorNearest());
            assertThat(linear.figures().fallback()).isNull();
            assertThat(linear.seconds()).isPositive();
        });
        assertThat(scratch).isEmptyDirectory();
    }

    @ParameterizedTest
    @EnumSource
    void threadsMemoryAndSlicesChangeNoBit(Propagation propagation) {
        FolderBlockStore whole = store("whole");
        run(backend, propagation, whole, ALL_STATISTICS);
        FolderBlockStore sliced = store("sliced");
        try (JavaBackend oneThread = new JavaBackend(DType.F32, 1)) {
            Slice slice = all();
            while (!slice.isEmpty()) {
                // Memory for one unit's statistics only: a pass over the tiles for each unit.
                try (BlockWalk walk = walk(oneThread, propagation, sliced, 1, Cancellation.NEVER, slice)) {
                    walk.next();
                    slice = walk.rest();
                }
            }
        }

        assertSameBlocks(propagation, whole, sliced);
        assertThat(sliced.find(provenance(propagation).stream(2, 0)))
                .as("position")
                .isPresent();
    }

    @ParameterizedTest
    @EnumSource
    void aResumedWalkMakesOnlyTheMissingBlocks(Propagation propagation) {
        FolderBlockStore store = store("a");
        run(backend, propagation, store, ALL_STATISTICS);
        ArtifactName lost = provenance(propagation).block(2);
        FolderBlockStore before = store("before");
        before.commit(lost, store.find(lost).orElseThrow());
        store.delete(lost);
        made.clear();

        run(backend, propagation, store, ALL_STATISTICS);

        assertThat(made).as("made, with the inputs replayed from the tokens").containsExactly(2);
        assertThat(reused).containsExactly(0, 1, 3);
        TinyModel.assertSameBlock(lost, store, before);
    }

    @Test
    void aSequentialWalkMakesALostBlockBeforeItsSlice() throws IOException {
        Propagation propagation = Propagation.SEQUENTIAL;
        FolderBlockStore whole = store("whole");
        run(backend, propagation, whole, ALL_STATISTICS);
        FolderBlockStore store = store("a");
        for (int block : List.of(0, 2)) {
            ArtifactName name = provenance(propagation).block(block);
            store.commit(name, whole.find(name).orElseThrow());
        }
        made.clear();

        try (BlockWalk walk =
                walk(backend, propagation, store, ALL_STATISTICS, Cancellation.NEVER, new Slice(3, all().end()))) {
            walk.next();
        }

        assertThat(made).as("blocks of the slice").containsExactly(3);
        assertSameBlocks(propagation, whole, store);
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledWalkGoesOnToTheSameBytes(Propagation propagation) {
        FolderBlockStore undisturbed = store("undisturbed");
        run(backend, propagation, undisturbed, ALL_STATISTICS);
        made.clear();
        FolderBlockStore store = store("a");
        Slice rest = all();
        // Wherever it is stopped: at the first tile, between tiles, between panels, after a commit.
        for (int checks = 1; !rest.isEmpty(); checks += 1 + checks / 3) {
            AtomicInteger left = new AtomicInteger(checks);
            rest = runUntil(propagation, store, () -> left.decrementAndGet() < 0, rest);
        }

        // A walk that stops between a commit and moving on has made a block that only the next walk reports, as reused.
        assertThat(made).doesNotHaveDuplicates().isSubsetOf(0, 1, 2, 3);
        assertSameBlocks(propagation, undisturbed, store);
    }

    private Slice runUntil(Propagation propagation, FolderBlockStore store, Cancellation cancellation, Slice slice) {
        try (BlockWalk walk = walk(backend, propagation, store, ALL_STATISTICS, cancellation, slice)) {
            try {
                while (walk.hasNext()) {
                    walk.next();
                }
            } catch (CancelledException e) {
                assertThat(walk.rest().end()).isEqualTo(slice.end());
            }
            return walk.rest();
        }
    }

    @Test
    void aDamagedArtifactIsReportedAndLeftAlone() throws IOException {
        FolderBlockStore store = store("a");
        run(backend, Propagation.INDEPENDENT, store, ALL_STATISTICS);
        Path file = store.find(provenance(Propagation.INDEPENDENT).block(1)).orElseThrow();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        assertThatThrownBy(() -> run(backend, Propagation.INDEPENDENT, store, ALL_STATISTICS))
                .isInstanceOf(DamagedArtifactException.class)
                .hasMessageContaining("block-00001-");
        assertThat(file).hasBinaryContent(bytes);
    }

    @Test
    void nothingStaysAllocated() {
        long before = backend.memory().liveBytes();
        run(backend, Propagation.SEQUENTIAL, store("a"), ALL_STATISTICS);

        assertThat(backend.memory().liveBytes()).isEqualTo(before);
    }

    private void run(JavaBackend on, Propagation propagation, FolderBlockStore store, long statisticsBytes) {
        try (BlockWalk walk = walk(on, propagation, store, statisticsBytes, Cancellation.NEVER, all())) {
            while (walk.hasNext()) {
                walk.next();
            }
        }
    }

    private BlockWalk walk(
            JavaBackend on,
            Propagation propagation,
            FolderBlockStore store,
            long statisticsBytes,
            Cancellation cancellation,
            Slice slice) {
        WalkListener listener = new WalkListener() {
            @Override
            public void blockDone(int block, boolean again, List<LinearRecord> linears) {
                (again ? reused : made).add(block);
            }
        };
        WalkOptions options = new WalkOptions(scratch, statisticsBytes, listener, cancellation);
        return BlockWalk.open(on, model.inputs(on, provenance(propagation)), store, options, slice);
    }

    private static Provenance provenance(Propagation propagation) {
        return model.provenance(3, 0.01, propagation);
    }

    private static Slice all() {
        return new Slice(0, model.architecture().blocks().size());
    }

    private FolderBlockStore store(String name) {
        return new FolderBlockStore(folder.resolve(name));
    }

    private static void assertSameBlocks(Propagation propagation, FolderBlockStore one, FolderBlockStore other) {
        for (int block = 0; block < model.architecture().blocks().size(); block++) {
            TinyModel.assertSameBlock(provenance(propagation).block(block), one, other);
        }
    }
}
