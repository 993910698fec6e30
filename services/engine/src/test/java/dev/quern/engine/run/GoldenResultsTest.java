package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.calibration.BlockWalk;
import dev.quern.engine.calibration.GradientWalk;
import dev.quern.engine.calibration.Samples;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.engine.calibration.WalkOptions;
import dev.quern.engine.checkpoint.digest.ModelDigest;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.model.ModelFixture;
import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Obr;
import dev.quern.recipes.Pruning;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Recipe.Rounding;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.Transform;
import dev.quern.recipes.Yaqa;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the built-in recipes make of the committed models, to the bit: names of blocks, their payloads, and the digest
 * of the output. The plain backend computes the same bits on every machine. A change of a line changes what users have
 * stored, so it needs a reason.
 *
 * <p>{@code -Dquern.goldens=write} writes the file again.
 */
class GoldenResultsTest {
    private static final Path GOLDENS = Path.of("src/test/resources/golden/results");
    /** They differ from yaqa-w4a16 in their bits alone, and the plain backend takes long to round from two sides. */
    private static final Set<String> OTHER_WIDTHS = Set.of("yaqa-w3a16", "yaqa-w2a16");

    private static final int PREAMBLE = 48;
    private static final int WINDOWS = 4;
    private static final int SEQ_LEN = 48;

    /** Its probes take seconds. */
    private static String profile;

    @TempDir
    Path folder;

    @BeforeAll
    static void probe() {
        try (JavaBackend backend = new JavaBackend(DType.F32, 2)) {
            profile = backend.numericProfile();
        }
    }

    /** A model, and the columns of a group where the recipes' own do not divide its linears. */
    record Model(String name, Path checkpoint, int groupSize) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Model> models() {
        Stream<Model> fixtures = Stream.of(ModelFixture.values())
                .map(fixture -> new Model(fixture.name().toLowerCase(Locale.ROOT), fixture.folder(), 8));
        return Stream.concat(Stream.of(new Model("tiny-llama", Samples.tinyLlama(), Grid.AUTO)), fixtures);
    }

    @ParameterizedTest
    @MethodSource("models")
    void resultsAreTheSameToTheBit(Model model) throws IOException {
        List<String> lines = new ArrayList<>();
        try (JavaBackend backend = new JavaBackend(DType.F32, 2);
                Source source = Source.open(model.checkpoint())) {
            TokenWindows windows = windows(model, source);
            for (Recipe recipe : recipes(model)) {
                lines.addAll(new Run(backend, source, recipe, windows, folder).lines());
            }
        }
        Path golden = GOLDENS.resolve(model.name() + ".txt");
        if ("write".equals(System.getProperty("quern.goldens"))) {
            Files.createDirectories(GOLDENS);
            Files.write(golden, lines);
        }
        assertThat(lines).containsExactlyElementsOf(Files.readAllLines(golden));
    }

    /**
     * The built-in ones, and one with independent propagation and a search for ranges that counts all columns alike: as
     * it is, with sequential propagation, with ignored linears, with folded norms, rotated and pruned.
     */
    private static List<Recipe> recipes(Model model) {
        List<Recipe> recipes = new ArrayList<>(Recipes.all());
        recipes.removeIf(recipe -> OTHER_WIDTHS.contains(recipe.name()));
        Grid grid = new Grid(4, Grid.AUTO, true, ClipSearch.MSE);
        Rounding rounding = recipes.getFirst().rounding();
        Recipe first = new Recipe("independent", Propagation.INDEPENDENT, grid, rounding, true);
        recipes.add(first);
        recipes.add(new Recipe("sequential", Propagation.SEQUENTIAL, grid, rounding, true));
        recipes.add(
                first.withName("ignore").withOverrides(List.of(Recipe.ModuleOverride.keeping(List.of("*.o_proj")))));
        recipes.add(first.withName("fold").withTransform(new Transform.Fold()));
        recipes.add(first.withName("rotate").withTransform(new Transform.Rotate(0)));
        recipes.add(first.withName("mask").withMask(new Pruning(Pruning.Score.WANDA, 0.5, null, 0.01)));
        return recipes.stream()
                .map(recipe -> recipe.withGrid(recipe.grid().withGroupSize(model.groupSize())))
                .map(GoldenResultsTest::withFewWindows)
                .toList();
    }

    /** The texts are shorter than gradients need for any use. */
    private static Recipe withFewWindows(Recipe recipe) {
        return switch (recipe.rounding()) {
            case Recipe.Nearest() -> recipe;
            case Recipe.Gptq gptq -> recipe;
            case Obr obr -> recipe;
            case Yaqa yaqa ->
                new Recipe(
                        recipe.name(),
                        recipe.propagation(),
                        recipe.grid(),
                        new Yaqa(yaqa.inputFactor(), yaqa.damping(), yaqa.shrinkage(), 1, null, yaqa.rowOrder(), 0),
                        recipe.reproducible());
        };
    }

    private static TokenWindows windows(Model model, Source source) {
        if (model.groupSize() != Grid.AUTO) {
            ModelFixture fixture = ModelFixture.valueOf(model.name().toUpperCase(Locale.ROOT));
            return new TokenWindows(model.name(), fixture.seqLen(), fixture.tokens());
        }
        try (Tokenizer tokenizer = Tokenizer.open(source.checkpoint())) {
            return new Datasets(
                            tokenizer,
                            source.architecture().vocabulary(),
                            source.architecture().maxPositions())
                    .calibration(null, WINDOWS, SEQ_LEN);
        }
    }

    /** One compression. */
    private record Run(JavaBackend backend, Source source, Recipe asked, TokenWindows windows, Path folder) {
        List<String> lines() throws IOException {
            Recipe recipe = source.resolve(List.of(asked)).getFirst();
            String digest = ModelDigest.of(source.checkpoint(), null, bytes -> {}, Cancellation.NEVER)
                    .digest();
            Provenance provenance = new Provenance(digest, recipe, windows.digest(), windows.count() / 2, profile);
            FolderBlockStore store = new FolderBlockStore(folder.resolve("artifacts"));
            walk(provenance, store);
            List<String> lines = new ArrayList<>();
            for (int block = 0; block < source.architecture().blocks().size(); block++) {
                ArtifactName name = provenance.block(block);
                lines.add(recipe.name() + " block " + block + " " + name.inputKey() + " "
                        + payloadDigest(store.find(name).orElseThrow()));
            }
            lines.add(recipe.name() + " output " + assemble(new StoredBlocks(source, provenance, store)));
            return lines;
        }

        private void walk(Provenance provenance, FolderBlockStore store) {
            WalkInputs inputs = new WalkInputs(
                    source.architecture(),
                    source.model(provenance.recipe()).weights(backend),
                    source.storedType(),
                    windows,
                    provenance);
            WalkOptions options = new WalkOptions(folder, 1 << 22, WalkListener.NONE, Cancellation.NEVER);
            Slice all = new Slice(0, source.architecture().blocks().size());
            SketchPlan sketches = inputs.sketches().orElse(null);
            if (sketches != null) {
                for (TileRun run : sketches.runs()) {
                    try (GradientWalk walk = GradientWalk.open(
                            backend, inputs, sketches.seed(), sketches.spec(), store, options, run, all)) {
                        while (walk.hasNext()) {
                            walk.next();
                        }
                    }
                }
            }
            try (BlockWalk walk = BlockWalk.open(backend, inputs, store, options, all)) {
                while (walk.hasNext()) {
                    walk.next();
                }
            }
        }

        private String assemble(StoredBlocks blocks) {
            Path output = folder.resolve("output-" + asked.name());
            OutputFormat format = OutputFormats.of(Formats.COMPRESSED_TENSORS);
            Assembly assembly = blocks.assembly();
            Assembled assembled = format.write(assembly, output, bytes -> {}, Cancellation.NEVER);
            return OutputVerifier.verifyAssembled(format, output, assembled, assembly, bytes -> {}, Cancellation.NEVER)
                    .outputDigest();
        }
    }

    /** As the artifact's header states it; the header also holds times, which differ. */
    private static String payloadDigest(Path artifact) throws IOException {
        byte[] bytes = Files.readAllBytes(artifact);
        int header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(12);
        JsonObject json = (JsonObject) Json.parse(new String(bytes, PREAMBLE, header, StandardCharsets.UTF_8));
        return ((JsonString) json.get("payloadSha256")).value();
    }
}
