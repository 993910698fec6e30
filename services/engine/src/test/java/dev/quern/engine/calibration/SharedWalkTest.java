package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.tiling.Slice;
import dev.quern.recipes.Recipe.Propagation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The committed model compressed by two recipes in one walk over three tiles. */
class SharedWalkTest {
    private static final int TILES = 3;
    private static final int BLOCKS = 4;

    @RegisterExtension
    static final TinyModel model = new TinyModel(5, 24);

    @TempDir
    Path folder;

    private final List<Integer> reused = new ArrayList<>();
    private final Set<Integer> heard = new HashSet<>();
    private final Set<Integer> heardApart = new HashSet<>();
    private Path scratch;
    private int tiles;

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createDirectories(folder.resolve("scratch"));
    }

    @Test
    void twoRecipesTakeOnePassOverTheTilesAndGiveTheBlocksOfTwoWalks() {
        Provenance four = model.provenance(4, 0.01, Propagation.INDEPENDENT);
        Provenance three = model.provenance(3, 0.05, Propagation.INDEPENDENT);
        FolderBlockStore apart = new FolderBlockStore(folder.resolve("apart"));
        walk(apart, four);
        walk(apart, three);
        model.read().clear();
        tiles = 0;
        heard.clear();
        FolderBlockStore together = new FolderBlockStore(folder.resolve("together"));

        walk(together, four, three);

        assertThat(heard).containsExactly(4);
        assertThat(heardApart).containsExactly(3);
        assertThat(tiles).isEqualTo(BLOCKS * TILES);
        assertThat(model.read()).as("weights").doesNotHaveDuplicates();
        for (Provenance provenance : List.of(four, three)) {
            for (int block = 0; block < BLOCKS; block++) {
                TinyModel.assertSameBlock(provenance.block(block), together, apart);
            }
        }
    }

    @Test
    void onlyTheMissingRecipeIsSolved() {
        Provenance four = model.provenance(4, 0.01, Propagation.INDEPENDENT);
        Provenance three = model.provenance(3, 0.01, Propagation.INDEPENDENT);
        FolderBlockStore store = new FolderBlockStore(folder.resolve("store"));
        walk(store, four, three);
        store.delete(three.block(1));
        Path untouched = store.find(four.block(1)).orElseThrow();
        reused.clear();

        List<LinearRecord> linears = walk(store, four, three);

        assertThat(reused).containsExactly(0, 2, 3);
        assertThat(store.contains(three.block(1))).isTrue();
        assertThat(linears)
                .as("of the first recipe")
                .allSatisfy(linear -> assertThat(linear.bits()).isEqualTo(4));
        assertThat(store.find(four.block(1))).contains(untouched);
    }

    @Test
    void recipesThatCannotShareAreRefused() {
        Provenance four = model.provenance(4, 0.01, Propagation.INDEPENDENT);
        Provenance sequential = model.provenance(3, 0.01, Propagation.SEQUENTIAL);
        Provenance otherTile = model.provenance(four.recipe(), 1);

        assertThatThrownBy(() -> model.inputs(model.backend(), four, sequential))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("independent propagation");
        assertThatThrownBy(() -> model.inputs(model.backend(), four, otherTile))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nothing but the recipe");
    }

    private List<LinearRecord> walk(FolderBlockStore store, Provenance... provenances) {
        WalkListener listener = new WalkListener() {
            @Override
            public void tileDone(int block) {
                tiles++;
            }

            @Override
            public void linearDone(int output, int block, LinearRecord linear) {
                (output == 0 ? heard : heardApart).add(linear.bits());
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
        WalkInputs inputs = model.inputs(model.backend(), provenances);
        try (BlockWalk walk = BlockWalk.open(model.backend(), inputs, store, options, new Slice(0, BLOCKS))) {
            while (walk.hasNext()) {
                linears.addAll(walk.next());
            }
        }
        return linears;
    }
}
