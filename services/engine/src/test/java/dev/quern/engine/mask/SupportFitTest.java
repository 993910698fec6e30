package dev.quern.engine.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Recipe;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Least squares on a mask, beside a Cholesky factor for each row in float64. */
class SupportFitTest {
    private static final double DAMPING = 0.01;

    private final ComputeBackend single = new JavaBackend(DType.F32, 2);
    private final ComputeBackend exact = new JavaBackend(DType.F64, 2);
    private final long seed = Long.getLong("quern.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @AfterEach
    void nothingIsLeft() {
        assertThat(single.memory().liveBytes() + exact.memory().liveBytes()).isZero();
        single.close();
        exact.close();
    }

    /** A unit in work. */
    private static final class Case {
        private final ComputeBackend backend;
        private final Scope scope;
        private final double[][] w;
        private final double[][] damped;
        private final SupportFit fit;
        private final Tensor mask;

        Case(ComputeBackend backend, Scope scope, double[][] w, double[][] damped, SupportFit fit, Tensor mask) {
            this.backend = backend;
            this.scope = scope;
            this.w = w;
            this.damped = damped;
            this.fit = fit;
            this.mask = mask;
        }

        Tensor target() {
            return scope.allocate(backend.workingType(), w.length, w[0].length);
        }

        Tensor weights() {
            return tensor(scope, backend.workingType(), w);
        }
    }

    private Case open(ComputeBackend backend, Scope scope, int rows, int cols, double[][] mask) {
        return open(backend, scope, matrix(rows, cols), gram(cols), DAMPING, mask);
    }

    private static Case open(
            ComputeBackend backend, Scope scope, double[][] w, double[][] h, double damping, double[][] mask) {
        Statistics.Inputs statistics = new Statistics.Inputs(tensor(scope, DType.F64, h), 1);
        InputStatistics inputs = InputStatistics.of(backend, scope, statistics, new LinearId("", "w"));
        DampedFactor factor = DampedFactor.of(
                        backend, scope, inputs, new Recipe.Gptq(Recipe.Order.NONE, damping), Cancellation.NEVER)
                .orElseThrow();
        double[][] damped = new double[h.length][];
        for (int i = 0; i < h.length; i++) {
            damped[i] = h[i].clone();
            damped[i][i] += damping * inputs.meanDiagonal();
        }
        SupportFit fit = SupportFit.of(backend, scope, inputs, factor, Cancellation.NEVER);
        return new Case(backend, scope, w, damped, fit, tensor(scope, DType.U8, mask));
    }

    /** The last row keeps everything, the one before it nothing, the others half, a quarter, all but one. */
    private double[][] mask(int rows, int cols) {
        double[][] mask = new double[rows][cols];
        for (int r = 0; r < rows; r++) {
            double share = r == rows - 1 ? 1 : r == rows - 2 ? 0 : 1.0 / (2 + r % 3);
            for (int c = 0; c < cols; c++) {
                mask[r][c] = random.nextDouble() < share ? 1 : 0;
            }
        }
        return mask;
    }

    @ParameterizedTest(name = "{0} x {1}")
    @CsvSource({"1, 1", "3, 2", "2, 7", "5, 33", "9, 64", "17, 129"})
    void theErrorIsThatOfCholesky(int rows, int cols) {
        double[][] mask = mask(rows, cols);
        for (ComputeBackend backend : new ComputeBackend[] {single, exact}) {
            try (Scope scope = backend.memory().scope()) {
                Case it = open(backend, scope, rows, cols, mask);
                Tensor v = it.target();
                SupportFit.Fitted fitted = it.fit.fit(it.weights(), it.mask, v);

                double best = quadratic(it.w, cholesky(it.w, it.damped, mask), it.damped);
                double error = quadratic(it.w, array(v), it.damped);
                double whole = quadratic(it.w, new double[rows][cols], it.damped);
                assertThat(error).as("seed %d", seed).isCloseTo(best, within(1e-4 * best + 1e-9 * whole));
                assertThat(fitted.error()).isCloseTo(error, within(1e-3 * error + 1e-5 * whole));
                assertOnlyOnTheMask(v, mask);
            }
        }
    }

    /** A column without inputs, two columns with the same, and a damping that leaves H next to singular. */
    @ParameterizedTest(name = "{0} of {1} kept, damping {2}")
    @CsvSource({"2, 4, .01", "2, 4, .0001", "1, 4, .01", "7, 8, .01", "48, 96, .0001", "1, 96, .01", "96, 96, .01"})
    void deadAndEqualColumnsAreFittedToo(int kept, int run, double damping) {
        double[][] h = gram(96);
        for (double[] row : h) {
            row[5] = 0;
            row[41] = row[40];
        }
        h[5] = new double[96];
        h[41] = h[40].clone();
        double[][] mask = new double[12][];
        Arrays.setAll(mask, r -> runs(kept, run, 96));
        for (ComputeBackend backend : new ComputeBackend[] {single, exact}) {
            try (Scope scope = backend.memory().scope()) {
                Case it = open(backend, scope, matrix(12, 96), h, damping, mask);
                Tensor v = it.target();
                SupportFit.Fitted fitted = it.fit.fit(it.weights(), it.mask, v);

                double best = quadratic(it.w, cholesky(it.w, it.damped, mask), it.damped);
                assertThat(quadratic(it.w, array(v), it.damped))
                        .as("seed %d", seed)
                        .isCloseTo(best, within(1.1e-4 * best + 1e-9));
                assertThat(fitted.error()).isCloseTo(best, within(1.1e-4 * best + 1e-9));
                assertOnlyOnTheMask(v, mask);
            }
        }
    }

    /** What is held off the mask stays to the bit, and what it does wrong is repaid on the mask. */
    @Test
    void aRefitRepaysWhatIsHeld() {
        double[][] mask = mask(9, 64);
        double[][] held = matrix(9, 64);
        for (ComputeBackend backend : new ComputeBackend[] {single, exact}) {
            try (Scope scope = backend.memory().scope()) {
                Case it = open(backend, scope, 9, 64, mask);
                Tensor v = tensor(scope, backend.workingType(), held);
                SupportFit.Fitted fitted = it.fit.refit(it.weights(), it.mask, v);

                double[][] off = masked(held, mask, 0);
                double[][] missing = minus(it.w, off);
                double best = quadratic(missing, cholesky(missing, it.damped, mask), it.damped);
                double[][] found = array(v);
                assertThat(quadratic(it.w, found, it.damped))
                        .as("seed %d", seed)
                        .isCloseTo(best, within(1.1e-4 * best));
                assertThat(fitted.error()).isCloseTo(best, within(1.1e-4 * best));
                assertThat(masked(found, mask, 0)).isDeepEqualTo(off);
            }
        }
    }

    /** By its factor H_II has a strong direction for every eighth column; by H⁻¹ there is none to be seen. */
    @Test
    void strongDirectionsTakeNoSteps() {
        int n = 256;
        double[][] h = gram(n, n / 8, 100);
        double[][] mask = new double[8][];
        Arrays.setAll(mask, r -> runs(n / 2, n, n));
        for (ComputeBackend backend : new ComputeBackend[] {single, exact}) {
            try (Scope scope = backend.memory().scope()) {
                Case it = open(backend, scope, matrix(8, n), h, 0.001, mask);
                Tensor v = it.target();
                SupportFit.Fitted fitted = it.fit.fit(it.weights(), it.mask, v);

                double best = quadratic(it.w, cholesky(it.w, it.damped, mask), it.damped);
                assertThat(quadratic(it.w, array(v), it.damped))
                        .as("seed %d", seed)
                        .isCloseTo(best, within(1.1e-4 * best));
                assertThat(fitted.steps()).as("seed %d", seed).isLessThan(24);
            }
        }
    }

    /** Keeps as many of every run, at random. */
    private double[] runs(int kept, int run, int cols) {
        double[] mask = new double[cols];
        for (int from = 0; from < cols; from += run) {
            for (int left = kept; left > 0; ) {
                int at = from + random.nextInt(run);
                left -= mask[at] == 0 ? 1 : 0;
                mask[at] = 1;
            }
        }
        return mask;
    }

    /** The values where the mask is so, else zeros. */
    private static double[][] masked(double[][] values, double[][] mask, double where) {
        double[][] masked = new double[values.length][values[0].length];
        for (int r = 0; r < values.length; r++) {
            for (int c = 0; c < values[r].length; c++) {
                masked[r][c] = mask[r][c] == where ? values[r][c] : 0;
            }
        }
        return masked;
    }

    /** The gradient vanishes on the mask, and the error is {@code w_Z [(H⁻¹)_ZZ]⁻¹ w_Zᵀ}: a wrong sign would show. */
    @Test
    void nothingIsLeftToGainAndTheErrorIsTheSchurComplement() {
        int n = 24;
        double[][] mask = mask(6, n);
        try (Scope scope = exact.memory().scope()) {
            Case it = open(exact, scope, 6, n, mask);
            Tensor v = it.target();
            double left = 1e-4 * it.fit.fit(it.weights(), it.mask, v).error();
            double[][] difference = minus(it.w, array(v));
            double[][] unit = new double[n][n];
            for (int i = 0; i < n; i++) {
                unit[i][i] = 1;
            }
            double[][] inverse = cholesky(unit, it.damped, null);
            for (int r = 0; r < 6; r++) {
                for (int c = 0; c < n; c++) {
                    double gradient = 0;
                    for (int k = 0; k < n; k++) {
                        gradient += difference[r][k] * it.damped[k][c];
                    }
                    assertThat(mask[r][c] * gradient)
                            .as("seed %d", seed)
                            .isCloseTo(0, within(Math.sqrt(left * it.damped[c][c]) + 1e-9));
                }
                double[] y = solve(inverse, complement(mask[r]), it.w[r]);
                double schur = 0;
                for (int c = 0; c < n; c++) {
                    schur += y[c] * it.w[r][c];
                }
                double error = quadratic(new double[][] {it.w[r]}, new double[][] {array(v)[r]}, it.damped);
                assertThat(error).as("row %d, seed %d", r, seed).isCloseTo(schur, within(left + 1e-9));
            }
        }
    }

    /** Without correlations nothing can be restored. */
    @Test
    void withADiagonalHTheKeptWeightsStay() {
        double[][] mask = mask(4, 16);
        try (Scope scope = exact.memory().scope()) {
            double[][] h = new double[16][16];
            for (int i = 0; i < 16; i++) {
                h[i][i] = 1 + i;
            }
            Statistics.Inputs statistics = new Statistics.Inputs(tensor(scope, DType.F64, h), 1);
            InputStatistics inputs = InputStatistics.of(exact, scope, statistics, new LinearId("", "w"));
            DampedFactor factor = DampedFactor.of(
                            exact, scope, inputs, new Recipe.Gptq(Recipe.Order.NONE, DAMPING), Cancellation.NEVER)
                    .orElseThrow();
            double[][] w = matrix(4, 16);
            Tensor v = scope.allocate(DType.F64, 4, 16);
            SupportFit.of(exact, scope, inputs, factor, Cancellation.NEVER)
                    .fit(tensor(scope, DType.F64, w), tensor(scope, DType.U8, mask), v);
            for (int r = 0; r < 4; r++) {
                for (int c = 0; c < 16; c++) {
                    assertThat(array(v)[r][c]).isCloseTo(mask[r][c] * w[r][c], within(1e-12));
                }
            }
        }
    }

    private static void assertOnlyOnTheMask(Tensor v, double[][] mask) {
        double[][] values = array(v);
        for (int r = 0; r < mask.length; r++) {
            for (int c = 0; c < mask[r].length; c++) {
                if (mask[r][c] == 0) {
                    assertThat(values[r][c]).isZero();
                }
            }
        }
    }

    /**
     * {@code v_I = (w H)_I H_II⁻¹} row by row; everything is kept where there is no mask, and w H is w: {@code w H⁻¹}.
     */
    private static double[][] cholesky(double[][] w, double[][] h, double @Nullable [][] mask) {
        double[][] v = new double[w.length][];
        for (int r = 0; r < w.length; r++) {
            double[] target = w[r];
            double[] kept = new double[w[r].length];
            Arrays.fill(kept, 1);
            if (mask != null) {
                kept = mask[r];
                target = new double[w[r].length];
                for (int i = 0; i < target.length; i++) {
                    for (int k = 0; k < target.length; k++) {
                        target[i] += w[r][k] * h[k][i];
                    }
                }
            }
            v[r] = solve(h, kept, target);
        }
        return v;
    }

    /** x of {@code x_I A_II = b_I}, zero elsewhere, by a Cholesky factor of A_II. */
    private static double[] solve(double[][] a, double[] kept, double[] b) {
        int[] at = IntStream.range(0, b.length).filter(i -> kept[i] != 0).toArray();
        int k = at.length;
        double[][] l = new double[k][k];
        double[] y = new double[k];
        for (int i = 0; i < k; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = a[at[i]][at[j]];
                for (int c = 0; c < j; c++) {
                    sum -= l[i][c] * l[j][c];
                }
                l[i][j] = i == j ? Math.sqrt(sum) : sum / l[j][j];
            }
            y[i] = b[at[i]];
            for (int c = 0; c < i; c++) {
                y[i] -= l[i][c] * y[c];
            }
            y[i] /= l[i][i];
        }
        double[] x = new double[b.length];
        for (int i = k - 1; i >= 0; i--) {
            double sum = y[i];
            for (int c = i + 1; c < k; c++) {
                sum -= l[c][i] * x[at[c]];
            }
            x[at[i]] = sum / l[i][i];
        }
        return x;
    }

    private static double quadratic(double[][] w, double[][] v, double[][] h) {
        double sum = 0;
        for (double[] row : minus(w, v)) {
            for (int i = 0; i < row.length; i++) {
                for (int j = 0; j < row.length; j++) {
                    sum += row[i] * h[i][j] * row[j];
                }
            }
        }
        return sum;
    }

    private static double[][] minus(double[][] a, double[][] b) {
        double[][] difference = new double[a.length][a[0].length];
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < a[r].length; c++) {
                difference[r][c] = a[r][c] - b[r][c];
            }
        }
        return difference;
    }

    private static double[] complement(double[] kept) {
        return Arrays.stream(kept).map(k -> 1 - k).toArray();
    }

    private double[][] matrix(int rows, int cols) {
        double[][] values = new double[rows][cols];
        for (double[] row : values) {
            Arrays.setAll(row, c -> (float) random.nextGaussian());
        }
        return values;
    }

    private double[][] gram(int n) {
        return gram(n, Math.max(1, n / 6), 3);
    }

    /** H of inputs that have a few strong directions, and noise. */
    private double[][] gram(int n, int directions, double strength) {
        double[][] mix = matrix(directions, n);
        double[][] h = new double[n][n];
        for (int token = 0; token < 3 * n; token++) {
            double[] x = matrix(1, n)[0];
            for (double[] direction : mix) {
                double size = strength * random.nextGaussian();
                for (int j = 0; j < n; j++) {
                    x[j] += size * direction[j];
                }
            }
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    h[i][j] += x[i] * x[j];
                }
            }
        }
        return h;
    }

    private static Tensor tensor(Scope scope, DType dtype, double[][] values) {
        HostTensor target = HostTensor.of(scope.allocate(dtype, values.length, values[0].length));
        for (int r = 0; r < values.length; r++) {
            target.setRow(r, values[r]);
        }
        return target;
    }

    private static double[][] array(Tensor tensor) {
        double[][] values = new double[tensor.rows()][];
        Arrays.setAll(values, HostTensor.of(tensor)::row);
        return values;
    }
}
