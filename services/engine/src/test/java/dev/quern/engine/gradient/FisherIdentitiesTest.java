package dev.quern.engine.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.gradient.ModelPass.Change;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WeightSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What makes gradients of drawn labels worth summing: their expected square is the curvature of the divergence. */
class FisherIdentitiesTest {
    private static final int DRAWS = 400;

    private final JavaBackend backend = new JavaBackend(DType.F64, 2);

    @AfterEach
    void nothingLeaks() {
        assertThat(backend.memory().liveBytes()).isZero();
        backend.close();
    }

    /** E[g] = 0 and E[g gᵀ] = diag(p) - p pᵀ at the logits. Labels of the data, or the likeliest ones, fail this. */
    @Test
    void gradientsAtTheLogitsHaveTheMomentsOfTheDistribution() {
        int tokens = 40_000;
        double[] row = {0.4, -0.7, 1.1, 0};
        double[] p = softmax(row);
        double[] mean = new double[row.length];
        double[][] second = new double[row.length][row.length];
        try (Scope scope = backend.memory().scope()) {
            Tensor logits = scope.allocate(DType.F64, tokens, row.length);
            for (int t = 0; t < tokens; t++) {
                HostTensor.of(logits).setRow(t, row);
            }
            Tensor labels = scope.allocate(DType.I32, 1, tokens);
            backend.gradients().sampleLabels(logits, 3, 0, labels);
            backend.gradients().logitGradient(logits, labels, logits);
            for (int t = 0; t < tokens; t++) {
                double[] g = HostTensor.of(logits).row(t);
                for (int i = 0; i < g.length; i++) {
                    mean[i] += g[i] / tokens;
                    for (int j = 0; j < g.length; j++) {
                        second[i][j] += g[i] * g[j] / tokens;
                    }
                }
            }
        }
        double deviation = 5.5 * 0.5 / Math.sqrt(tokens);
        for (int i = 0; i < row.length; i++) {
            assertThat(mean[i]).isCloseTo(0, within(deviation));
            for (int j = 0; j < row.length; j++) {
                assertThat(second[i][j]).isCloseTo((i == j ? p[i] : 0) - p[i] * p[j], within(deviation));
            }
        }
    }

    private static double[] softmax(double[] logits) {
        double total = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(logit -> Math.exp(logit) / total).toArray();
    }

    /**
     * KL(original ‖ changed by ε E), summed over a window, is ½ ε² E[⟨E, G⟩²] to second order: it grows with the square
     * of ε, and the mean over many draws of labels is its coefficient. One window is repeated, since each repetition
     * draws labels of its own.
     */
    @ParameterizedTest
    @ValueSource(strings = {"self_attn.k_proj", "self_attn.v_proj", "mlp.down_proj"})
    void theMeanSquareIsTheCurvatureOfTheDivergence(String name) {
        Architecture model = RandomModel.architecture(2);
        WeightSource source = RandomModel.weights(backend, model, 9);
        LinearSpec linear = model.blocks().getFirst().program().linear(name);
        int[] window = RandomModel.tokens(1, 4);
        try (Scope scope = backend.memory().scope()) {
            Tensor error = error(scope, linear);
            ModelPass once = new ModelPass(backend, scope, model, source, window, RandomModel.SEQ_LEN);
            Tensor original = once.logits(scope, List.of());
            double small = once.divergence(original, List.of(new Change(0, linear, error, 1e-3)));
            double twice = once.divergence(original, List.of(new Change(0, linear, error, 2e-3)));
            assertThat(twice / small).isCloseTo(4, within(0.03));

            List<Double> squares = squares(scope, model, source, repeated(window), linear, error);
            double mean = squares.stream().mapToDouble(s -> s).average().orElseThrow();
            double variance = squares.stream()
                    .mapToDouble(s -> (s - mean) * (s - mean))
                    .average()
                    .orElseThrow();
            double deviation = Math.sqrt(variance / squares.size()) / mean;
            assertThat(deviation).isLessThan(0.04);
            assertThat(small / (0.5e-6 * mean)).isCloseTo(1, within(5 * deviation + 0.01));
        }
    }

    private static int[] repeated(int[] window) {
        int[] tokens = new int[DRAWS * window.length];
        Arrays.setAll(tokens, t -> window[t % window.length]);
        return tokens;
    }

    private Tensor error(Scope scope, LinearSpec linear) {
        SplittableRandom random = new SplittableRandom(2);
        Tensor error = scope.allocate(DType.F64, linear.rows(), linear.cols());
        backend.memory()
                .copy(RandomModel.upload(backend, scope, linear.rows(), linear.cols(), random::nextGaussian), error);
        return error;
    }

    /** ⟨E, G_b⟩² for the windows of some passes, G_b = Σ g xᵀ. */
    private List<Double> squares(
            Scope scope, Architecture model, WeightSource source, int[] tokens, LinearSpec linear, Tensor error) {
        List<Double> squares = new ArrayList<>();
        ModelPass pass = new ModelPass(backend, scope, model, source, tokens, RandomModel.SEQ_LEN);
        for (int seed = 0; seed < 10; seed++) {
            pass.back(scope, seed, 0, (block, recorded, x, g) -> {
                if (block == 0 && recorded.equals(linear)) {
                    Tensor y = scope.allocate(DType.F64, x.rows(), linear.rows());
                    backend.linearAlgebra().gemm(Precision.F64, 1, x, false, error, true, 0, y);
                    for (int from = 0; from < x.rows(); from += RandomModel.SEQ_LEN) {
                        double dot = dot(
                                scope,
                                y.rows(from, from + RandomModel.SEQ_LEN),
                                g.rows(from, from + RandomModel.SEQ_LEN));
                        squares.add(dot * dot);
                    }
                }
            });
        }
        return squares;
    }

    private double dot(Scope scope, Tensor a, Tensor b) {
        Tensor sum = scope.allocate(DType.F64, 1, 1);
        backend.elementwise().addDot(a, b, sum);
        return backend.memory().value(sum);
    }
}
