package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.compress.LinearCompressor.Compressed;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Statistics and weights as bad as they come. */
class GptqEdgeCasesTest {
    /** What this text did not reach, another may: such columns are rounded to nearest, and H has no say in them. */
    @ParameterizedTest
    @EnumSource(Order.class)
    void inputsThatNeverCameAreRoundedToNearest(Order order) {
        for (boolean symmetric : new boolean[] {true, false}) {
            try (Lab lab = new Lab(DType.F64, 1)) {
                Recipe.Grid grid = new Recipe.Grid(4, 8, symmetric, ClipSearch.MSE);
                double[][] w = lab.gaussian(6, 24);
                double[][] h = lab.gram(24);
                int[] dead = {0, 9, 23};
                for (int j : dead) {
                    silence(h, j);
                }
                IntegerGrid nearest = codes(lab.compress(Lab.nearest(grid), w, h));

                Compressed result = lab.compress(Lab.gptq(grid, order, 0.01), w, h);

                IntegerGrid swept = codes(result);
                assertThat(swept.scales()).isEqualTo(nearest.scales());
                assertThat(swept.codes()).isNotEqualTo(nearest.codes());
                for (int r = 0; r < 6; r++) {
                    for (int j : dead) {
                        assertThat(swept.codes()[r * 24 + j]).isEqualTo(nearest.codes()[r * 24 + j]);
                    }
                }
                assertThat(result.figures().deadColumns()).isEqualTo(3);
                assertThat(result.figures().relativeError())
                        .isLessThan(result.figures().relativeErrorNearest());
            }
        }
    }

    /** Padding that no input reaches is nothing to report. */
    @Test
    void inputsThatNeverCameCountOnlyWhereTheyHaveWeights() {
        try (Lab lab = new Lab(DType.F64, 1)) {
            double[][] w = lab.gaussian(3, 16);
            double[][] h = lab.gram(16);
            for (int j : new int[] {2, 5, 11}) {
                silence(h, j);
            }
            for (double[] row : w) {
                row[5] = 0;
            }

            Compressed result = lab.compress(Lab.gptq(Lab.grid(4, 8, true), Order.NONE, 0.01), w, h);

            assertThat(result.figures().deadColumns()).isEqualTo(2);
        }
    }

    /** The damping is a share of the live columns' mean, whatever the unit of the inputs is. */
    @Test
    void silentInputsLeaveTheDampingOfTheOthersFreeOfScale() {
        try (Lab lab = new Lab(DType.F64, 4)) {
            double[][] w = lab.gaussian(4, 16);
            double[][] h = lab.gram(16);
            silence(h, 3);
            double[][] faint = new double[16][16];
            for (int i = 0; i < 16; i++) {
                for (int j = 0; j < 16; j++) {
                    faint[i][j] = Math.scalb(h[i][j], -40);
                }
            }
            Recipe recipe = Lab.gptq(Lab.grid(4, 8, true), Order.STATIC, 0.01);

            assertThat(codes(lab.compress(recipe, w, faint)).codes())
                    .isEqualTo(codes(lab.compress(recipe, w, h)).codes());
        }
    }

    private static void silence(double[][] h, int column) {
        for (int k = 0; k < h.length; k++) {
            h[column][k] = 0;
            h[k][column] = 0;
        }
    }

    private static IntegerGrid codes(Compressed result) {
        return (IntegerGrid) result.linear().core();
    }

    /** Two equal inputs make H singular; the damping alone keeps the factor alive. */
    @ParameterizedTest
    @EnumSource(Order.class)
    void equalInputsSucceedWithoutARetry(Order order) {
        try (Lab lab = new Lab(DType.F64, 2)) {
            double[][] h = lab.gram(16);
            for (int k = 0; k < 16; k++) {
                h[7][k] = h[3][k];
            }
            for (int k = 0; k < 16; k++) {
                h[k][7] = h[k][3];
            }
            Compressed result = lab.compress(Lab.gptq(Lab.grid(4, 8, true), order, 0.01), lab.gaussian(5, 16), h);
            assertThat(result.figures().retries()).isZero();
            assertThat(result.figures().relativeError())
                    .isLessThan(result.figures().relativeErrorNearest());
        }
    }

    /** diag(1, …, 1, -x) is positive definite once the damping passes x over the mean diagonal. */
    @ParameterizedTest(name = "smallest eigenvalue {0}: damping {1} after {2} retries")
    @CsvSource({"-0.005, 0.01, 0", "-0.02, 0.03, 1", "-0.05, 0.09, 2", "-0.2, 0.27, 3"})
    void theDampingRisesFromTheOriginalH(double eigenvalue, double damping, int retries) {
        try (Lab lab = new Lab(DType.F64, 3)) {
            int n = 64;
            double[][] h = Lab.identity(n, 1);
            h[n - 1][n - 1] = eigenvalue;
            double[][] w = lab.gaussian(3, n);
            Compressed result = lab.compress(Lab.gptq(Lab.grid(4, 0, true), Order.NONE, 0.01), w, h);
            assertThat(result.figures().damping()).isCloseTo(damping, within(1e-12));
            assertThat(result.figures().retries()).isEqualTo(retries);
            // Had the failed attempts left their damping in H, the loss would belong to another matrix.
            double loss = Lab.quadratic(lab.error(w, result.linear()), Lab.damped(h, damping));
            assertThat(result.loss()).isCloseTo(loss, within(1e-10 * loss));
        }
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void whereNothingHelpsItRoundsAndSaysSo(Order order) {
        try (Lab lab = new Lab(DType.F64, 4)) {
            double[][] h = Lab.identity(8, 1);
            h[2][2] = -5;
            double[][] w = lab.gaussian(3, 8);
            Recipe.Grid grid = Lab.grid(4, 4, true);
            Compressed result = lab.compress(Lab.gptq(grid, order, 0.01), w, h);
            assertThat(result.figures().fallback()).contains("positive definite");
            assertThat(result.figures().damping()).isZero();
            assertThat(Lab.codes(result)).isEqualTo(Lab.codes(lab.compress(Lab.nearest(grid), w, h)));
        }
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void aLinearThatNothingReachedKeepsItsWeights(Order order) {
        try (Lab lab = new Lab(DType.F64, 5)) {
            double[][] w = lab.gaussian(3, 8);
            Recipe.Grid grid = Lab.grid(8, 4, true);
            Compressed result = lab.compress(Lab.gptq(grid, order, 0.01), w, Lab.identity(8, 0));
            assertThat(result.figures().fallback()).contains("no calibration input");
            assertThat(result.figures().relativeError()).isBetween(1e-9, 1e-3);
            assertThat(Lab.codes(result)).isEqualTo(Lab.codes(lab.compress(Lab.nearest(grid), w, Lab.identity(8, 1))));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void nonFiniteStatisticsAreAnErrorByName(double value) {
        try (Lab lab = new Lab(DType.F64, 6)) {
            double[][] h = lab.gram(8);
            h[3][5] = value;
            for (Recipe recipe :
                    new Recipe[] {Lab.gptq(Lab.grid(4, 4, true), Order.STATIC, 0.01), Lab.nearest(Lab.grid(4, 4, true))
                    }) {
                assertThatThrownBy(() -> lab.compress(recipe, lab.gaussian(2, 8), h))
                        .isInstanceOf(QuernException.class)
                        .hasMessageContaining("inputs of w")
                        .extracting(e -> ((QuernException) e).code())
                        .isEqualTo(ErrorCode.NON_FINITE_INPUTS);
            }
        }
    }

    @ParameterizedTest(name = "{0} x {1}, weights times {2}")
    @CsvSource({"4, 8, 0", "1, 8, 1e-30", "3, 8, 1e30", "2, 1, 1"})
    void extremeWeightsAreAsGoodAsOrdinaryOnes(int rows, int cols, double factor) {
        for (DType working : new DType[] {DType.F32, DType.F64}) {
            try (Lab lab = new Lab(working, 7)) {
                double[][] w = lab.gaussian(rows, cols);
                for (double[] row : w) {
                    for (int c = 0; c < cols; c++) {
                        row[c] *= factor;
                    }
                }
                Recipe recipe = Lab.gptq(new Recipe.Grid(4, 0, true, ClipSearch.MSE), Order.STATIC, 0.01);
                Compressed result = lab.compress(recipe, w, lab.gram(cols));
                IntegerGrid grid = (IntegerGrid) result.linear().core();
                for (float scale : grid.scales()) {
                    assertThat(scale).isFinite().isPositive();
                }
                assertThat(result.figures().relativeError()).isLessThan(0.02);
                assertThat(result.figures().scaleToAbsmax()).isFinite();
            }
        }
    }
}
