package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.calibration.BlockWalk;
import dev.quern.engine.calibration.Samples;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.engine.calibration.WalkOptions;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.evaluation.Evaluator;
import dev.quern.engine.evaluation.Progress;
import dev.quern.engine.evaluation.StoredModel;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Embedding;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Slice;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Transform;
import dev.quern.recipes.activation.Activations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Errors of compressed linears on text that calibration did not read. */
class HeldOutErrorsTest {
    private static final int VOCABULARY = 2048;
    private static final Recipe PLAIN =
            new Recipe("some", Propagation.INDEPENDENT, new Grid(4, 32, true, ClipSearch.NONE), new Nearest(), true);

    @TempDir
    Path scratch;

    private final JavaBackend backend = new JavaBackend(DType.F32, 2);
    private final long seed = System.nanoTime();
    private final SplittableRandom random = new SplittableRandom(seed);

    @AfterEach
    void nothingIsLeft() {
        assertThat(backend.memory().liveBytes()).as("bytes of open scopes").isZero();
        backend.close();
    }

    /** The sample of a window of 24 tokens is its tokens 0, 16 and 23, which stand for 1, 16 and 7. */
    @Test
    void theErrorIsThatOfItsDefinition() {
        int[] weights = new int[24];
        weights[0] = 1;
        weights[16] = 16;
        weights[23] = 7;
        Activations.TokenGrid four = new Activations.TokenGrid(4, true, 0.95);
        List<Recipe> recipes = List.of(
                PLAIN,
                PLAIN.withOverrides(List.of(Recipe.ModuleOverride.keeping(List.of("*.o_proj", "*.1.mlp.*")))),
                PLAIN.withTransform(new Transform.Rotate(3)),
                PLAIN.withTransform(new Transform.Rotate(4)).withActivations(new Activations(four, four, false)));
        TokenWindows windows = windows(5, 24);
        try (Source source = Source.open(Samples.tinyLlama())) {
            for (Recipe recipe : recipes) {
                StoredBlocks blocks = compress(source, recipe, windows);
                Map<String, Double> expected = defined(source, blocks, windows, weights);

                Map<String, Double> errors = evaluate(source, windows, blocks).linearErrors();

                assertThat(errors.keySet())
                        .as("seed %d, %s", seed, recipe)
                        .containsExactlyElementsOf(expected.keySet());
                errors.forEach((module, error) -> assertThat(error)
                        .as("seed %d, %s of %s", seed, module, recipe)
                        .isCloseTo(expected.get(module), within(1e-4 * expected.get(module))));
            }
        }
    }

    /**
     * A sample of windows of two tokens has all of them. So on the calibration text, linears whose inputs no compressed
     * one has changed have the error that calibration found.
     */
    @Test
    void onTheCalibrationTextTheErrorIsThatOfCalibration() {
        TokenWindows windows = windows(96, 2);
        Recipe gptq = new Recipe(
                "some",
                Propagation.INDEPENDENT,
                new Grid(4, 32, true, ClipSearch.MSE),
                new Gptq(Order.STATIC, 0.01),
                true);
        try (Source source = Source.open(Samples.tinyLlama())) {
            for (Recipe recipe : List.of(gptq, gptq.withTransform(new Transform.Rotate(5)))) {
                StoredBlocks blocks = compress(source, recipe, windows);
                Map<String, Double> errors = evaluate(source, windows, blocks).linearErrors();

                assertThat(errors).hasSize(28);
                for (LinearRecord linear : blocks.records(0).subList(0, 3)) {
                    double calibration = linear.figures().relativeError();
                    assertThat(errors.get("model.layers.0." + linear.name()))
                            .as("seed %d, %s of %s", seed, linear.name(), recipe)
                            .isCloseTo(calibration, within(1e-3 * calibration));
                }
            }
        }
    }

    /** Plain float64 over the inputs that reach the linears of the compressed model. */
    private Map<String, Double> defined(Source source, StoredBlocks blocks, TokenWindows windows, int[] weights) {
        CompressedBlocks compressed = blocks.decoded(backend);
        StoredModel stored = compressed.others(
                new StoredModel(source.architecture(), source.model().weights(backend)));
        WeightSource uncompressed = source.model(blocks.provenance().recipe()).weights(backend);
        Map<String, Double> errors = new LinkedHashMap<>();
        try (Scope scope = backend.memory().scope();
                Arena arena = Arena.ofShared();
                Interpreter interpreter = new Interpreter(backend, windows.seqLen(), Cancellation.NEVER)) {
            int[] tokens = windows.tokens(0, windows.count());
            Tensor ids = backend.memory()
                    .upload(scope, arena.allocateFrom(ValueLayout.JAVA_INT, tokens), DType.I32, 1, tokens.length);
            Tensor hidden = scope.allocate(
                    DType.F32, tokens.length, source.architecture().hidden());
            try (Embedding embedding = new Embedding(backend, stored.architecture(), stored.weights())) {
                embedding.apply(ids, hidden);
            }
            for (int block = 0; block < stored.architecture().blocks().size(); block++) {
                Map<String, float[]> inputs = new HashMap<>();
                try (BlockWeights held = new BlockWeights(
                        backend,
                        stored.weights(),
                        stored.architecture().blocks().get(block))) {
                    compressed.replaceLinears(block, held);
                    interpreter.run(held, hidden, hidden, (unit, input) -> inputs.put(unit.input(), floats(input)));
                    for (BlockArtifact.Entry entry : blocks.read(block).linears()) {
                        LinearSpec linear =
                                held.block().program().linear(entry.record().name());
                        String module = held.block().id(linear).module();
                        float[] now = floats(entry.linear().decode(backend, scope, source.storedType()));
                        float[] before = working(uncompressed.load(scope, module + ".weight"));
                        errors.put(module, error(linear, inputs.get(linear.input()), before, now, weights));
                    }
                }
            }
        }
        return errors;
    }

    private static double error(LinearSpec linear, float[] x, float[] before, float[] now, int[] weights) {
        double error = 0;
        double reference = 0;
        for (int token = 0; token < x.length / linear.cols(); token++) {
            int weight = weights[token % weights.length];
            for (int r = 0; weight > 0 && r < linear.rows(); r++) {
                double difference = 0;
                double product = 0;
                for (int c = 0; c < linear.cols(); c++) {
                    double w = before[r * linear.cols() + c];
                    difference += (now[r * linear.cols() + c] - w) * x[token * linear.cols() + c];
                    product += w * x[token * linear.cols() + c];
                }
                error += weight * difference * difference;
                reference += weight * product * product;
            }
        }
        return error / reference;
    }

    private float[] working(Tensor stored) {
        try (Scope scope = backend.memory().scope()) {
            Tensor working = scope.allocate(DType.F32, stored.rows(), stored.cols());
            backend.memory().copy(stored, working);
            return floats(working);
        }
    }

    private float[] floats(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.cols()];
        backend.memory().download(tensor, MemorySegment.ofArray(values));
        return values;
    }

    private EvaluationFigures evaluate(Source source, TokenWindows windows, StoredBlocks blocks) {
        Evaluator evaluator =
                new Evaluator(backend, source.architecture(), source.model().weights(backend), scratch);
        return EvaluationFigures.reduce(
                List.of(evaluator.evaluate(windows, blocks.decoded(backend), Progress.NONE, Cancellation.NEVER)));
    }

    private StoredBlocks compress(Source source, Recipe recipe, TokenWindows windows) {
        Provenance provenance = new Provenance("model", recipe, windows.digest(), windows.count(), "java");
        FolderBlockStore store = new FolderBlockStore(scratch.resolve("artifacts"));
        WalkInputs inputs = new WalkInputs(
                source.architecture(), source.model(recipe).weights(backend), source.storedType(), windows, provenance);
        WalkOptions options = new WalkOptions(scratch, 64 << 20, WalkListener.NONE, Cancellation.NEVER);
        try (BlockWalk walk = BlockWalk.open(
                backend,
                inputs,
                store,
                options,
                new Slice(0, source.architecture().blocks().size()))) {
            while (walk.hasNext()) {
                walk.next();
            }
        }
        return new StoredBlocks(source, provenance, store);
    }

    private TokenWindows windows(int count, int seqLen) {
        return new TokenWindows(
                "a.txt",
                seqLen,
                random.ints((long) count * seqLen, 0, VOCABULARY).toArray());
    }
}
