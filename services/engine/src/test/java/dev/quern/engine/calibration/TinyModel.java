package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.StoredWeights;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The committed model and a little of the built-in text, open while the tests of a class walk through it. */
final class TinyModel implements AfterAllCallback {
    private static final int WINDOWS_PER_TILE = 2;

    private final JavaBackend backend = new JavaBackend(DType.F32, 2);
    private final Checkpoint checkpoint = Checkpoint.open(Samples.tinyLlama());
    private final Architecture architecture = Architectures.of(checkpoint.config());
    private final TokenWindows windows;
    private final List<String> read = new ArrayList<>();

    TinyModel(int count, int seqLen) {
        try (Tokenizer tokenizer = Tokenizer.open(Samples.tinyLlama())) {
            windows = new Datasets(tokenizer, architecture.vocabulary(), architecture.maxPositions())
                    .calibration(null, count, seqLen);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        checkpoint.close();
        backend.close();
    }

    JavaBackend backend() {
        return backend;
    }

    Architecture architecture() {
        return architecture;
    }

    /** Names of all tensors that were read through {@link #inputs}, in order; a test clears it. */
    List<String> read() {
        return read;
    }

    WalkInputs inputs(JavaBackend on, Provenance... provenances) {
        return inputs(on, windows, provenances);
    }

    /** The same on another text. */
    WalkInputs inputs(JavaBackend on, TokenWindows text, Provenance... provenances) {
        StoredWeights weights = new StoredWeights(on, checkpoint);
        return new WalkInputs(
                architecture,
                (scope, name) -> {
                    read.add(name);
                    return weights.load(scope, name);
                },
                DType.BF16,
                text,
                List.of(provenances));
    }

    Provenance provenance(int bits, double damping, Propagation propagation) {
        Grid grid = new Grid(bits, 32, true, ClipSearch.NONE);
        Recipe recipe = new Recipe("w" + bits, propagation, grid, new Gptq(Order.STATIC, damping), true);
        return provenance(recipe, WINDOWS_PER_TILE);
    }

    Provenance provenance(Recipe recipe, int windowsPerTile) {
        return new Provenance("model", recipe, windows.digest(), windowsPerTile, "java");
    }

    static void assertSameBlock(ArtifactName name, FolderBlockStore one, FolderBlockStore other) {
        BlockArtifact made = BlockArtifact.read(one.find(name).orElseThrow(), name);
        BlockArtifact expected = BlockArtifact.read(other.find(name).orElseThrow(), name);
        assertThat(made.linears()).hasSameSizeAs(expected.linears());
        for (int i = 0; i < expected.linears().size(); i++) {
            assertSame(made.linears().get(i), expected.linears().get(i));
        }
    }

    private static void assertSame(BlockArtifact.Entry made, BlockArtifact.Entry expected) {
        CompressedLinear a = made.linear();
        CompressedLinear b = expected.linear();
        assertThat(a.id()).isEqualTo(b.id());
        assertThat(grid(a).codes()).as(a.id() + " codes").isEqualTo(grid(b).codes());
        assertThat(grid(a).zeros()).as(a.id() + " zeros").isEqualTo(grid(b).zeros());
        assertThat(grid(a).scales()).as(a.id() + " scales").isEqualTo(grid(b).scales());
        assertThat(made.record().figures().relativeError())
                .as(a.id() + " error")
                .isEqualTo(expected.record().figures().relativeError());
    }

    private static IntegerGrid grid(CompressedLinear linear) {
        return switch (linear.core()) {
            case IntegerGrid grid -> grid;
        };
    }
}
