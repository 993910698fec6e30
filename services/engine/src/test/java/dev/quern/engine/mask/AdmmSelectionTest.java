package dev.quern.engine.mask;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Pruning;
import dev.quern.recipes.Pruning.Score;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Masks that ADMM finds, beside Wanda's, from which it starts. */
class AdmmSelectionTest {
    private static final int ROWS = 48;
    private static final int COLS = 64;

    private final JavaBackend backend = new JavaBackend(DType.F32, 2);
    private final Scope scope = backend.memory().scope();
    private final long seed = Long.getLong("quern.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @AfterEach
    void nothingIsLeft() {
        scope.close();
        assertThat(backend.memory().liveBytes()).isZero();
        backend.close();
    }

    private static Pruning half(Score score) {
        return new Pruning(score, 0.5, null, 0.01);
    }

    private static Pruning twoOfFour(Score score) {
        return new Pruning(score, null, "2:4", 0.01);
    }

    @ParameterizedTest
    @CsvSource({"0.5,, 64, 32", ", 2:4, 4, 2", ", 1:8, 8, 1", "0.9,, 64, 6"})
    void everyRunKeepsAsManyAsAsked(Double sparsity, String pattern, int run, int kept) {
        Pruning pruning = new Pruning(Score.ADMM, sparsity, pattern, 0.01);
        for (double[] row : array(prune(pruning, weights(), gram()).mask())) {
            for (int from = 0; from < COLS; from += run) {
                assertThat(Arrays.stream(row, from, from + run).sum()).isEqualTo(kept);
            }
        }
    }

    /** What is left of W after the fit is nearer to W by H than with Wanda's mask. */
    @Test
    void theErrorIsBelowThatOfWandasMask() {
        Tensor w = weights();
        double[][] h = gram();
        assertThat(error(half(Score.ADMM), w, h)).as("seed %d", seed).isLessThan(0.97 * error(half(Score.WANDA), w, h));
        assertThat(error(twoOfFour(Score.ADMM), w, h))
                .as("seed %d", seed)
                .isLessThan(0.99 * error(twoOfFour(Score.WANDA), w, h));
    }

    /**
     * Where no weight can stand in for another, Wanda's mask is the best, and this one is as good but for near ties.
     */
    @Test
    void withADiagonalHNothingIsLost() {
        double[][] h = new double[COLS][COLS];
        for (int i = 0; i < COLS; i++) {
            h[i][i] = 1 + random.nextInt(5);
        }
        Tensor w = weights();
        double wanda = error(half(Score.WANDA), w, h);
        assertThat(error(half(Score.ADMM), w, h)).as("seed %d", seed).isBetween(wanda * 0.9999, wanda * 1.02);
    }

    private double error(Pruning pruning, Tensor w, double[][] h) {
        double[][] before = array(w);
        double[][] after = array(prune(pruning, w, h).weights());
        double sum = 0;
        for (int r = 0; r < ROWS; r++) {
            for (int i = 0; i < COLS; i++) {
                for (int j = 0; j < COLS; j++) {
                    sum += (before[r][i] - after[r][i]) * h[i][j] * (before[r][j] - after[r][j]);
                }
            }
        }
        return sum;
    }

    private Pruner.Pruned prune(Pruning pruning, Tensor w, double[][] h) {
        InputStatistics inputs = InputStatistics.of(
                backend, scope, new Statistics.Inputs(tensor(DType.F64, h), 1), new LinearId("", "w"));
        return Pruner.of(backend, scope, pruning, COLS, inputs, Cancellation.NEVER)
                .prune(scope, w);
    }

    private Tensor weights() {
        double[][] w = new double[ROWS][COLS];
        for (double[] row : w) {
            Arrays.setAll(row, j -> random.nextGaussian());
        }
        return tensor(DType.F32, w);
    }

    /** H of inputs in which a few directions are strong. */
    private double[][] gram() {
        double[][] mix = new double[8][COLS];
        for (double[] direction : mix) {
            Arrays.setAll(direction, j -> random.nextGaussian());
        }
        double[][] h = new double[COLS][COLS];
        for (int token = 0; token < 4 * COLS; token++) {
            double[] x = new double[COLS];
            Arrays.setAll(x, j -> 0.3 * random.nextGaussian());
            for (double[] direction : mix) {
                double share = random.nextGaussian();
                Arrays.setAll(x, j -> x[j] + share * direction[j]);
            }
            for (int i = 0; i < COLS; i++) {
                for (int j = 0; j < COLS; j++) {
                    h[i][j] += x[i] * x[j];
                }
            }
        }
        return h;
    }

    private Tensor tensor(DType type, double[][] values) {
        HostTensor target = HostTensor.of(scope.allocate(type, values.length, values[0].length));
        for (int r = 0; r < values.length; r++) {
            target.setRow(r, values[r]);
        }
        return target;
    }

    private static double[][] array(Tensor tensor) {
        double[][] rows = new double[tensor.rows()][];
        Arrays.setAll(rows, HostTensor.of(tensor)::row);
        return rows;
    }
}
