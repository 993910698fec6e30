package dev.quern.engine.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.forward.Forward;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.ModelFixture;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.text.TokenWindows;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorTest {
    private static final ModelFixture FIXTURE = ModelFixture.LLAMA_LLAMA3_ROPE;

    @TempDir
    Path scratch;

    private final JavaBackend backend = new JavaBackend(DType.F32, 1);
    private final ModelFixture.Model model = FIXTURE.open();
    private final Architecture architecture = model.architecture();
    private final WeightSource source = model.source(backend);
    private final LinearSpec down = architecture.linears().getLast();
    private final TokenWindows windows = new TokenWindows("fixture", FIXTURE.seqLen(), FIXTURE.tokens());

    /** Stands for compression: the last block without its feed-forward part. */
    private final CompressedBlocks crippled = (block, weights) -> {
        if (block == 1) {
            weights.replace(down, zeros -> zeros.allocate(DType.F32, down.rows(), down.cols()));
        }
    };

    @AfterEach
    void nothingIsLeft() {
        model.close();
        assertThat(backend.memory().liveBytes()).as("bytes of open scopes").isZero();
        assertThat(scratch).isEmptyDirectory();
        backend.close();
    }

    @Test
    void aModelDoesNotDivergeFromItself() {
        EvaluationFigures figures = EvaluationFigures.reduce(List.of(evaluate(windows, CompressedBlocks.NONE)));

        assertThat(figures.klMean()).isZero();
        assertThat(figures.klP99()).isZero();
        assertThat(figures.top1()).isEqualTo(1);
        assertThat(figures.pplCompressed()).isEqualTo(figures.pplOriginal());
        assertThat(figures.tokens()).isEqualTo(2L * (FIXTURE.seqLen() - 1));
        assertThat(figures.blockErrors()).containsExactly(0.0, 0.0);
        assertThat(figures.linearErrors()).isEmpty();
    }

    /** The logits of transformers lie beside the fixture; the sums over them are done here in plain float64. */
    @Test
    void perplexityIsThatOfTransformers() {
        EvaluationFigures figures = EvaluationFigures.reduce(List.of(evaluate(windows, CompressedBlocks.NONE)));

        assertThat(figures.pplOriginal())
                .isCloseTo(Math.exp(Arrays.stream(logLikelihoods()).average().orElseThrow() * -1), within(1e-4));
    }

    @Test
    void figuresFollowTheirDefinitions() {
        TokenFigures figures = evaluate(windows, crippled);

        double[][] p = logProbabilities(source);
        double[][] q = logProbabilities(this::crippledWeights);
        int token = 0;
        for (int t = 0; t < p.length; t++) {
            if ((t + 1) % FIXTURE.seqLen() == 0) {
                continue;
            }
            int next = FIXTURE.tokens()[t + 1];
            assertThat(figures.nllOriginal(token)).isCloseTo((float) -p[t][next], within(1e-5f));
            assertThat(figures.nllCompressed(token)).isCloseTo((float) -q[t][next], within(1e-5f));
            assertThat(figures.kl(token)).isCloseTo((float) divergence(p[t], q[t]), within(1e-5f));
            assertThat(figures.sameTop1(token)).isEqualTo(argmax(p[t]) == argmax(q[t]));
            token++;
        }
        assertThat(figures.count()).isEqualTo(token);
        assertThat(EvaluationFigures.reduce(List.of(figures)).klMean()).isGreaterThan(0.1);
    }

    /** The first block is that of the original. */
    @Test
    void theErrorStartsAfterTheBlockThatIsChanged() {
        List<Double> errors =
                EvaluationFigures.reduce(List.of(evaluate(windows, crippled))).blockErrors();

        assertThat(errors).hasSize(2).first().isEqualTo(0.0);
        assertThat(errors.getLast()).isBetween(0.01, 10.0);
    }

    @Test
    void aLinearThatIsTakenAwayIsWhollyWrong() {
        EvaluationFigures figures = EvaluationFigures.reduce(List.of(evaluate(windows, crippled)));

        assertThat(figures.linearErrors()).containsExactly(Map.entry("model.layers.1.mlp.down_proj", 1.0));
    }

    @Test
    void shardsAddUpToTheWhole() {
        List<TokenFigures> shards =
                List.of(evaluate(windows.slice(0, 1), crippled), evaluate(windows.slice(1, 2), crippled));

        assertThat(EvaluationFigures.reduce(shards))
                .isEqualTo(EvaluationFigures.reduce(List.of(evaluate(windows, crippled))));
    }

    /** A tile has at least 4,096 tokens, so these are two. */
    @Test
    void neitherShardsNorTilesChangeABit() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        int seqLen = 40;
        int count = 110;
        TokenWindows text = new TokenWindows(
                "a.txt",
                seqLen,
                random.ints((long) count * seqLen, 0, architecture.vocabulary()).toArray());
        float[] values = new float[down.rows() * down.cols()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        CompressedBlocks noise = (block, weights) -> weights.replace(
                down,
                scope -> backend.memory()
                        .upload(scope, MemorySegment.ofArray(values), DType.F32, down.rows(), down.cols()));
        int cut = random.nextInt(1, count);

        EvaluationFigures whole = EvaluationFigures.reduce(List.of(evaluate(text, noise)));
        EvaluationFigures parts = EvaluationFigures.reduce(
                List.of(evaluate(text.slice(0, cut), noise), evaluate(text.slice(cut, count), noise)));

        assertThat(parts).as("seed %d, cut at %d", seed, cut).isEqualTo(whole);
        assertThat(whole.linearErrors())
                .hasSize(2)
                .allSatisfy((module, error) -> assertThat(error).as(module).isPositive());
    }

    @Test
    void severalModelsShareTheOriginalAndHaveTheFiguresOfTheirOwn() {
        List<CompressedBlocks> models = List.of(crippled, CompressedBlocks.NONE);
        List<String> steps = new ArrayList<>();

        List<TokenFigures> together = evaluator()
                .evaluate(windows, models, (done, total) -> steps.add(done + "/" + total), Cancellation.NEVER);

        assertThat(together)
                .extracting(TokenFigures::bytes)
                .containsExactly(
                        evaluate(windows, crippled).bytes(),
                        evaluate(windows, CompressedBlocks.NONE).bytes());
        assertThat(steps).as("three passes over two blocks").hasSize(8).endsWith("8/8");
    }

    @Test
    void reportsEveryStepOnce() {
        List<String> steps = new ArrayList<>();
        evaluator().evaluate(windows, crippled, (done, total) -> steps.add(done + "/" + total), Cancellation.NEVER);

        assertThat(steps).containsExactly("1/6", "2/6", "3/6", "4/6", "5/6", "6/6");
    }

    @Test
    void stopsOnRequest() {
        List<Integer> steps = new ArrayList<>();

        assertThatThrownBy(() -> evaluator()
                        .evaluate(windows, crippled, (done, total) -> steps.add(done), () -> steps.size() == 3))
                .isInstanceOf(Cancellation.CancelledException.class);
        assertThat(steps).hasSize(3);
    }

    @Test
    void refusesATokenThatTheModelDoesNotHave() {
        TokenWindows foreign = new TokenWindows("other.jsonl", 2, new int[] {0, 61});

        assertThatThrownBy(() -> evaluate(foreign, CompressedBlocks.NONE))
                .isInstanceOf(QuernException.class)
                .hasMessage("other.jsonl: token 61 (expected: 0 to 60, as vocab_size says)");
    }

    private Evaluator evaluator() {
        return new Evaluator(backend, architecture, source, scratch);
    }

    private TokenFigures evaluate(TokenWindows shard, CompressedBlocks compressed) {
        return evaluator().evaluate(shard, compressed, Progress.NONE, Cancellation.NEVER);
    }

    private Tensor crippledWeights(Scope scope, String name) {
        return name.equals("model.layers.1.mlp.down_proj.weight")
                ? scope.allocate(DType.F32, down.rows(), down.cols())
                : source.load(scope, name);
    }

    private double[][] logProbabilities(WeightSource weights) {
        int[] tokens = FIXTURE.tokens();
        try (Scope scope = backend.memory().scope();
                Arena arena = Arena.ofShared()) {
            MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_INT, tokens);
            Tensor ids = backend.memory().upload(scope, host, DType.I32, 1, tokens.length);
            Tensor logits = scope.allocate(DType.F32, tokens.length, architecture.vocabulary());
            new Forward(backend, architecture, weights).logits(ids, FIXTURE.seqLen(), logits);
            MemorySegment values = arena.allocate(ValueLayout.JAVA_FLOAT, (long) tokens.length * logits.cols());
            backend.memory().download(logits, values);
            return logSoftmax(values.toArray(ValueLayout.JAVA_FLOAT));
        }
    }

    private double[] logLikelihoods() {
        double[][] p = logSoftmax(FIXTURE.logits());
        List<Double> found = new ArrayList<>();
        for (int t = 0; t < p.length; t++) {
            if ((t + 1) % FIXTURE.seqLen() != 0) {
                found.add(p[t][FIXTURE.tokens()[t + 1]]);
            }
        }
        return found.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private double[][] logSoftmax(float[] logits) {
        int cols = architecture.vocabulary();
        double[][] rows = new double[logits.length / cols][cols];
        for (int r = 0; r < rows.length; r++) {
            double sum = 0;
            for (int c = 0; c < cols; c++) {
                rows[r][c] = logits[r * cols + c];
                sum += Math.exp(rows[r][c]);
            }
            for (int c = 0; c < cols; c++) {
                rows[r][c] -= Math.log(sum);
            }
        }
        return rows;
    }

    private static double divergence(double[] p, double[] q) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += Math.exp(p[i]) * (p[i] - q[i]);
        }
        return sum;
    }

    private static int argmax(double[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }
}
