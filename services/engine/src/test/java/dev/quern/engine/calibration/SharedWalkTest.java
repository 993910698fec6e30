package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Architectures;
import dev.quern.engine.model.CheckpointWeights;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed model compressed by two recipes in one walk over three tiles. */
class SharedWalkTest {
    private static final int TILES = 3;
    private static final int BLOCKS = 4;

    private static JavaBackend backend;
    private static Checkpoint checkpoint;
    private static Architecture architecture;
    private static TokenWindows windows;

    @TempDir
    Path folder;

    private final List<String> read = new ArrayList<>();
    private final List<Integer> reused = new ArrayList<>();
    private Path scratch;
    private int tiles;

    @BeforeAll
    static void open() {
        backend = new JavaBackend(DType.F32, 2);
        checkpoint = Checkpoint.open(Samples.tinyLlama());
        architecture = Architectures.of(checkpoint.config());
        try (Tokenizer tokenizer = Tokenizer.open(Samples.tinyLlama())) {
            windows = new Datasets(tokenizer, architecture.vocabulary(), architecture.maxPositions())
                    .calibration(null, 5, 24);
        }
    }

    @AfterAll
    static void close() {
        checkpoint.close();
        backend.close();
    }

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createDirectories(folder.resolve("scratch"));
    }

    @Test
    void twoRecipesTakeOnePassOverTheTilesAndGiveTheBlocksOfTwoWalks() {
        Provenance four = provenance(4, 0.01, Propagation.INDEPENDENT);
        Provenance three = provenance(3, 0.05, Propagation.INDEPENDENT);
        FolderBlockStore apart = new FolderBlockStore(folder.resolve("apart"));
        walk(apart, List.of(four));
        walk(apart, List.of(three));
        read.clear();
        tiles = 0;
        FolderBlockStore together = new FolderBlockStore(folder.resolve("together"));

        walk(together, List.of(four, three));

        assertThat(tiles).isEqualTo(BLOCKS * TILES);
        assertThat(read).as("weights").doesNotHaveDuplicates();
        for (Provenance provenance : List.of(four, three)) {
            for (int block = 0; block < BLOCKS; block++) {
                assertSame(provenance.block(block), together, apart);
            }
        }
    }

    @Test
    void onlyTheMissingRecipeIsSolved() {
        Provenance four = provenance(4, 0.01, Propagation.INDEPENDENT);
        Provenance three = provenance(3, 0.01, Propagation.INDEPENDENT);
        FolderBlockStore store = new FolderBlockStore(folder.resolve("store"));
        walk(store, List.of(four, three));
        store.delete(three.block(1));
        Path untouched = store.find(four.block(1)).orElseThrow();
        reused.clear();

        List<LinearRecord> linears = walk(store, List.of(four, three));

        assertThat(reused).containsExactly(0, 2, 3);
        assertThat(store.contains(three.block(1))).isTrue();
        assertThat(linears)
                .as("of the first recipe")
                .allSatisfy(linear -> assertThat(linear.bits()).isEqualTo(4));
        assertThat(store.find(four.block(1))).contains(untouched);
    }

    @Test
    void recipesThatCannotShareAreRefused() {
        Provenance four = provenance(4, 0.01, Propagation.INDEPENDENT);
        Provenance sequential = provenance(3, 0.01, Propagation.SEQUENTIAL);
        Provenance otherTile = new Provenance("model", four.recipe(), windows.digest(), 1, "java");

        assertThatThrownBy(() -> inputs(List.of(four, sequential)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("independent propagation");
        assertThatThrownBy(() -> inputs(List.of(four, otherTile)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nothing but the recipe");
    }

    private List<LinearRecord> walk(FolderBlockStore store, List<Provenance> provenances) {
        WalkListener listener = new WalkListener() {
            @Override
            public void tileDone(int block) {
                tiles++;
            }

            @Override
            public void blockDone(int block, boolean again, List<LinearRecord> linears) {
                if (again) {
                    reused.add(block);
                }
            }
        };
        WalkOptions options = new WalkOptions(scratch, Long.MAX_VALUE, listener, Cancellation.NEVER);
        List<LinearRecord> linears = new ArrayList<>();
        try (BlockWalk walk =
                BlockWalk.open(backend, inputs(provenances), store, options, new Slice(0, architecture.blocks()))) {
            while (walk.hasNext()) {
                linears.addAll(walk.next());
            }
        }
        return linears;
    }

    private WalkInputs inputs(List<Provenance> provenances) {
        CheckpointWeights weights = new CheckpointWeights(backend, checkpoint);
        return new WalkInputs(
                architecture,
                (scope, name) -> {
                    read.add(name);
                    return weights.load(scope, name);
                },
                DType.BF16,
                windows,
                provenances);
    }

    private static Provenance provenance(int bits, double damping, Propagation propagation) {
        Grid grid = new Grid(bits, 32, true, ClipSearch.NONE);
        Recipe recipe = new Recipe("w" + bits, propagation, grid, new Gptq(Order.STATIC, damping), true);
        return new Provenance("model", recipe, windows.digest(), 2, "java");
    }

    private static void assertSame(ArtifactName name, FolderBlockStore one, FolderBlockStore other) {
        BlockArtifact a = BlockArtifact.read(one.find(name).orElseThrow(), name);
        BlockArtifact b = BlockArtifact.read(other.find(name).orElseThrow(), name);
        for (int i = 0; i < a.linears().size(); i++) {
            IntegerGrid x = grid(a.linears().get(i));
            IntegerGrid y = grid(b.linears().get(i));
            assertThat(x.codes()).isEqualTo(y.codes());
            assertThat(x.scales()).isEqualTo(y.scales());
            LinearRecord record = a.linears().get(i).record();
            assertThat(record.relativeError())
                    .isEqualTo(b.linears().get(i).record().relativeError());
        }
    }

    private static IntegerGrid grid(BlockArtifact.Entry entry) {
        return switch (entry.linear().core()) {
            case IntegerGrid grid -> grid;
        };
    }
}
