package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.calibration.BlockWalk;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.engine.calibration.WalkOptions;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.evaluation.Evaluator;
import dev.quern.engine.evaluation.Progress;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.model.ModelFixture;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Slice;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Transform;
import dev.quern.recipes.activation.Activations;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A result that is read from its files has the figures, bit for bit, of the blocks that it was written from. */
class ResultBlocksTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final List<Recipe> RECIPES = List.of(
            recipe(4, 8, true), recipe(3, 8, false), recipe(8, 0, true), recipe(2, 0, false), recipe(5, 4, true));
    private static final List<String> IGNORED = List.of("*.o_proj", "model.layers.1.mlp.*");

    @TempDir
    Path folder;

    private final JavaBackend backend = new JavaBackend(DType.F32, 2);
    private Path scratch;

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createDirectory(folder.resolve("scratch"));
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(backend.memory().liveBytes()).as("bytes of open scopes").isZero();
        backend.close();
    }

    /** bf16, f16 and f32; tied heads, biases, shards. */
    @ParameterizedTest
    @EnumSource(ModelFixture.class)
    void theFiguresAreThoseOfTheBlocks(ModelFixture fixture) throws IOException {
        List<Recipe> recipes = new ArrayList<>(RECIPES);
        Recipe plain =
                new Recipe("some", Propagation.INDEPENDENT, new Grid(4, 8, true, ClipSearch.NONE), new Nearest(), true);
        recipes.add(plain.withOverrides(List.of(Recipe.ModuleOverride.keeping(IGNORED))));
        recipes.add(plain.withTransform(new Transform.Fold()));
        recipes.add(plain.withTransform(new Transform.Rotate(3)));
        Activations.TokenGrid four = new Activations.TokenGrid(4, true, 0.95);
        Activations activations = new Activations(four, new Activations.TokenGrid(4, false, 1), false);
        recipes.add(plain.withActivations(activations));
        recipes.add(recipes.get(RECIPES.size())
                .withTransform(new Transform.Rotate(4))
                .withActivations(activations));
        TokenWindows windows = new TokenWindows("fixture", fixture.seqLen(), fixture.tokens());
        try (Source source = Source.open(fixture.folder())) {
            for (int i = 0; i < recipes.size(); i++) {
                StoredBlocks blocks = compress(source, recipes.get(i), windows);
                try (CompressedCheckpoint result = write(blocks, Formats.COMPRESSED_TENSORS, i);
                        CompressedCheckpoint sparse = write(blocks, Formats.QUERN_SPARSE, i)) {
                    result.requireResultOf(source.architecture());
                    sparse.requireResultOf(source.architecture());
                    assertThat(sparse.grids()).isEqualTo(result.grids());
                    List<TokenFigures> figures = evaluate(
                            source,
                            windows,
                            blocks.decoded(backend),
                            new ResultBlocks(backend, result, source, recipes.get(i)),
                            new ResultBlocks(backend, sparse, source, recipes.get(i)));

                    assertThat(figures)
                            .extracting(TokenFigures::bytes)
                            .as("%s by %s", fixture, recipes.get(i))
                            .containsOnly(figures.getFirst().bytes());
                    EvaluationFigures reduced = EvaluationFigures.reduce(figures.subList(1, 2));
                    assertThat(reduced.klMean()).isPositive();
                    assertThat(reduced.linearErrors()).hasSameSizeAs(result.grids());
                    // A rotated stream is compared in its own axes: in others the distance is about 1.4.
                    double limit = recipes.get(i).transform() == null ? 2 : 0.9;
                    assertThat(reduced.blockErrors())
                            .as("%s by %s", fixture, recipes.get(i))
                            .isNotEmpty()
                            .allSatisfy(error -> assertThat(error).isBetween(1e-6, limit));
                }
            }
        }
    }

    /** Written by compressed-tensors itself, whose config says more than ours. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aResultOfAnotherToolIsRead(boolean symmetric) {
        Path golden = GOLDEN.resolve(symmetric ? "ct-w4a16-g32-sym" : "ct-w4a16-g32-asym");
        try (Source source = Source.open(GOLDEN.resolve("base-bf16"));
                CompressedCheckpoint result = CompressedCheckpoint.open(golden)) {
            result.requireResultOf(source.architecture());

            assertThat(result.grids()).hasSize(14);
            assertThat(result.weights()).isEqualTo(73_728);
            assertThat(result.bitsPerWeight()).isEqualTo(symmetric ? 4.5 : 4.625);
            EvaluationFigures figures = figures(source, result);
            assertThat(figures.klMean()).isBetween(1e-5, 0.1);
            assertThat(figures.linearErrors())
                    .as("what the linears were is not known")
                    .isEmpty();
        }
    }

    @Test
    void theOriginalDoesNotDivergeFromItself() {
        try (Source source = Source.open(GOLDEN.resolve("base-bf16"));
                CompressedCheckpoint result = CompressedCheckpoint.open(GOLDEN.resolve("base-bf16"))) {
            assertThat(result.grids()).isEmpty();
            assertThat(result.bitsPerWeight()).isZero();
            assertThat(figures(source, result)).satisfies(figures -> {
                assertThat(figures.klMean()).isZero();
                assertThat(figures.top1()).isEqualTo(1);
            });
        }
    }

    /** Other tools fold factors into norms, and some replace embedding or head. */
    @ParameterizedTest
    @ValueSource(
            strings = {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight", "input_layernorm.weight"})
    void whatIsNotPackedIsTheResultsOwn(String changed) throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        copy(GOLDEN.resolve("base-bf16"), other, changed);
        try (Source source = Source.open(GOLDEN.resolve("base-bf16"));
                CompressedCheckpoint result = CompressedCheckpoint.open(other)) {
            assertThat(figures(source, result).klMean()).isPositive();
        }
    }

    private EvaluationFigures figures(Source source, CompressedCheckpoint result) {
        int[] tokens = IntStream.range(0, 2 * 24).map(t -> t * 37 % 250).toArray();
        List<TokenFigures> figures = evaluate(
                source, new TokenWindows("numbers", 24, tokens), new ResultBlocks(backend, result, source, null));
        return EvaluationFigures.reduce(figures);
    }

    private List<TokenFigures> evaluate(Source source, TokenWindows windows, CompressedBlocks... compressed) {
        return new Evaluator(backend, source.architecture(), source.model().weights(backend), scratch)
                .evaluate(windows, List.of(compressed), Progress.NONE, Cancellation.NEVER);
    }

    private CompressedCheckpoint write(StoredBlocks blocks, String format, int index) {
        Path output = folder.resolve(format + "-" + index);
        OutputFormats.of(format).write(blocks.assembly(), output, bytes -> {}, Cancellation.NEVER);
        return CompressedCheckpoint.open(output);
    }

    private StoredBlocks compress(Source source, Recipe recipe, TokenWindows windows) {
        Provenance provenance = new Provenance("model", recipe, windows.digest(), 1, "java");
        FolderBlockStore store = new FolderBlockStore(scratch.resolve("artifacts"));
        WalkInputs inputs = new WalkInputs(
                source.architecture(), source.model(recipe).weights(backend), source.storedType(), windows, provenance);
        WalkOptions options = new WalkOptions(scratch, 1 << 20, WalkListener.NONE, Cancellation.NEVER);
        Slice all = new Slice(0, source.architecture().blocks().size());
        try (BlockWalk walk = BlockWalk.open(backend, inputs, store, options, all)) {
            while (walk.hasNext()) {
                walk.next();
            }
        }
        return new StoredBlocks(source, provenance, store);
    }

    /** The same model, with every second weight of a tensor doubled. */
    private static void copy(Path from, Path to, String changed) throws IOException {
        Files.copy(from.resolve("config.json"), to.resolve("config.json"));
        try (Checkpoint base = Checkpoint.open(from)) {
            List<OutputTensor> tensors = base.tensorNames().stream()
                    .map(name -> new OutputTensor(
                            name, base.entry(name).type(), base.entry(name).shape()))
                    .toList();
            try (SafetensorsWriter writer = SafetensorsWriter.create(to.resolve("model.safetensors"), tensors)) {
                for (OutputTensor tensor : tensors) {
                    byte[] bytes = bytes(base.tensor(tensor.name()));
                    if (tensor.name().endsWith(changed)) {
                        for (int i = 1; i < bytes.length; i += 4) {
                            // One more in the exponent of a bf16.
                            bytes[i]++;
                        }
                    }
                    writer.write(tensor.name(), MemorySegment.ofArray(bytes));
                }
                writer.commit();
            }
        }
    }

    private static byte[] bytes(StoredTensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_BYTE);
    }

    private static Recipe recipe(int bits, int group, boolean symmetric) {
        Grid grid = new Grid(bits, group, symmetric, ClipSearch.NONE);
        return new Recipe("w" + bits, Propagation.INDEPENDENT, grid, new Nearest(), true);
    }
}
