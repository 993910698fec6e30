package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.compress.LinearCompressor.Compressed;
import dev.quern.engine.compress.LinearCompressor.Weight;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearCompressorTest {
    private static final Recipe W4 = Lab.gptq(new Recipe.Grid(4, 16, true, ClipSearch.MSE), Order.STATIC, 0.01);

    /** Not a theorem for one row where codes are clipped, so the total counts. */
    @ParameterizedTest(name = "{0} bits, symmetric {1}")
    @CsvSource({"2, true", "3, false", "4, true", "8, false"})
    void gptqIsBetterThanNearestAndSaysSo(int bits, boolean symmetric) {
        for (Order order : Order.values()) {
            try (Lab lab = new Lab(DType.F32, 3)) {
                Recipe.Grid grid = new Recipe.Grid(bits, 16, symmetric, ClipSearch.MSE);
                double[][] w = lab.gaussian(40, 64);
                double[][] h = lab.gram(64);
                Compressed gptq = lab.compress(Lab.gptq(grid, order, 0.01), w, h);
                Compressed nearest = lab.compress(Lab.nearest(grid), w, h);

                // Would a fallback pass unnoticed, these codes were equal.
                assertThat(Lab.codes(gptq)).isNotEqualTo(Lab.codes(nearest));
                assertThat(gptq.figures().relativeError())
                        .isLessThan(nearest.figures().relativeError());
                assertThat(gptq.figures().relativeErrorNearest())
                        .isEqualTo(nearest.figures().relativeErrorNearest())
                        .isEqualTo(nearest.figures().relativeError());
                assertThat(gptq.figures().fallback()).isNull();
                assertThat(gptq.figures().damping()).isEqualTo(0.01);
                assertThat(gptq.figures().retries()).isZero();
                assertThat(gptq.figures().scaleToAbsmax()).isBetween(0.3, 1.01);
            }
        }
    }

    @Test
    void figuresMeasureWhatALoaderSees() {
        try (Lab lab = new Lab(DType.F64, 4)) {
            Recipe recipe = Lab.gptq(Lab.grid(8, 32, true), Order.STATIC, 0.01);
            double[][] w = lab.gaussian(9, 64);
            double[][] h = lab.gram(64);
            LinearCompressor compressor = new LinearCompressor(lab.backend, recipe, DType.BF16);
            Statistics.Inputs statistics = new Statistics.Inputs(lab.tensor(DType.F64, h), 1);
            Compressed result = compressor.compress(
                    new Weight(new LinearId("", "w"), lab.tensor(w)), statistics, Cancellation.NEVER);

            double[][] e = Lab.array(result.linear().decode(lab.backend, lab.scope, DType.BF16));
            for (int r = 0; r < w.length; r++) {
                for (int c = 0; c < w[r].length; c++) {
                    e[r][c] = w[r][c] - e[r][c];
                }
            }
            double expected = Lab.quadratic(e, h) / Lab.quadratic(w, h);
            assertThat(result.figures().relativeError()).isCloseTo(expected, within(1e-9 * expected));
        }
    }

    @Test
    void withoutStatisticsFiguresTakeTheIdentity() {
        try (Lab lab = new Lab(DType.F64, 5)) {
            double[][] w = lab.gaussian(5, 32);
            Recipe recipe = Lab.nearest(Lab.grid(4, 16, false));
            LinearCompressor compressor = new LinearCompressor(lab.backend, recipe, DType.F64);
            Compressed result =
                    compressor.compress(new Weight(new LinearId("", "w"), lab.tensor(w)), null, Cancellation.NEVER);
            Compressed weighted = lab.compress(recipe, w, Lab.identity(32, 3));

            assertThat(result.figures().relativeError())
                    .isCloseTo(weighted.figures().relativeError(), within(1e-12));
            assertThat(Lab.codes(result)).isEqualTo(Lab.codes(weighted));
        }
    }

    /** Zeros as a loader decodes them: a row of the weights is zero, and rounding makes more. */
    @Test
    void figuresCountZerosAndTokens() {
        try (Lab lab = new Lab(DType.F32, Lab.freshSeed())) {
            double[][] w = lab.gaussian(7, 64);
            Arrays.fill(w[3], 0);
            for (boolean symmetric : new boolean[] {true, false}) {
                Recipe recipe = Lab.gptq(Lab.grid(3, 16, symmetric), Order.STATIC, 0.01);
                LinearCompressor compressor = new LinearCompressor(lab.backend, recipe, DType.BF16);
                Weight weight = new Weight(new LinearId("", "w"), lab.tensor(w));
                Statistics.Inputs statistics = new Statistics.Inputs(lab.tensor(DType.F64, lab.gram(64)), 4711);
                Compressed result = compressor.compress(weight, statistics, Cancellation.NEVER);

                double[][] decoded = Lab.array(result.linear().decode(lab.backend, lab.scope, DType.BF16));
                long zeros = Arrays.stream(decoded)
                        .flatMapToDouble(Arrays::stream)
                        .filter(value -> value == 0)
                        .count();
                assertThat(zeros).isGreaterThanOrEqualTo(64);
                assertThat(result.figures().sparsity()).isEqualTo(zeros / (7.0 * 64));
                assertThat(result.figures().tokens()).isEqualTo(4711);
                assertThat(compressor
                                .compress(weight, statistics, Cancellation.NEVER)
                                .figures())
                        .isEqualTo(result.figures());
            }
            Recipe plain = Lab.nearest(Lab.grid(4, 16, true));
            assertThat(new LinearCompressor(lab.backend, plain, DType.BF16)
                            .compress(new Weight(new LinearId("", "w"), lab.tensor(w)), null, Cancellation.NEVER)
                            .figures()
                            .tokens())
                    .as("without statistics")
                    .isNull();
        }
    }

    @Test
    void tellsOfEachLinearInOrder() {
        try (Lab lab = new Lab(DType.F32, 6)) {
            Statistics.Inputs statistics = new Statistics.Inputs(lab.tensor(DType.F64, lab.gram(32)), 1);
            LinearCompressor compressor = new LinearCompressor(lab.backend, W4, DType.BF16);
            List<Weight> unit = List.of(
                    new Weight(new LinearId("", "gate"), lab.tensor(lab.gaussian(3, 32))),
                    new Weight(new LinearId("", "up"), lab.tensor(lab.gaussian(4, 32))));
            List<Compressed> told = new ArrayList<>();
            assertThat(compressor.compress(unit, statistics, Cancellation.NEVER, told::add))
                    .isEqualTo(told);
            assertThat(told).extracting(done -> done.linear().id().name()).containsExactly("gate", "up");
        }
    }

    @Test
    void refusesAGroupThatDoesNotDivide() {
        try (Lab lab = new Lab(DType.F64, 9)) {
            assertThatThrownBy(() -> lab.compress(W4, lab.gaussian(2, 24), Lab.identity(24, 1)))
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining("grid.groupSize: 16")
                    .hasMessageContaining("24 columns")
                    .extracting(e -> ((QuernException) e).code())
                    .isEqualTo(ErrorCode.SHAPE_MISMATCH);
        }
    }

    @Test
    void stopsWhenCancelled() {
        try (Lab lab = new Lab(DType.F64, 10)) {
            Statistics.Inputs statistics = new Statistics.Inputs(lab.tensor(DType.F64, lab.gram(32)), 1);
            LinearCompressor compressor = new LinearCompressor(lab.backend, W4, DType.F64);
            Weight weight = new Weight(new LinearId("", "w"), lab.tensor(lab.gaussian(4, 32)));
            // Wherever the request arrives, it is heard before the end.
            AtomicInteger asked = new AtomicInteger();
            compressor.compress(weight, statistics, () -> asked.incrementAndGet() < 0);
            assertThat(asked).hasValueGreaterThan(5);
            for (int at = 0; at < asked.get(); at++) {
                AtomicInteger left = new AtomicInteger(at);
                assertThatThrownBy(() -> compressor.compress(weight, statistics, () -> left.getAndDecrement() == 0))
                        .isInstanceOf(Cancellation.CancelledException.class);
            }
        }
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}")
    @CsvSource({"4, 96, 8", "300, 32, 32", "40, 64, 16"})
    void allocatesNoMoreThanItSaysAndFreesIt(int rows, int cols, int group) {
        try (Lab lab = new Lab(DType.F32, 11)) {
            Recipe recipe = Lab.gptq(new Recipe.Grid(4, group, true, ClipSearch.MSE), Order.STATIC, 0.01);
            double[][] h = lab.gram(cols);
            for (int k = 0; k < cols; k++) {
                h[3][k] = 0;
                h[k][3] = 0;
            }
            Weight weight = new Weight(new LinearId("", "w"), lab.tensor(lab.gaussian(rows, cols)));
            Statistics.Inputs statistics = new Statistics.Inputs(lab.tensor(DType.F64, h), 1);
            long before = lab.backend.memory().liveBytes();
            AtomicLong peak = new AtomicLong();
            Cancellation watch = () -> {
                peak.accumulateAndGet(lab.backend.memory().liveBytes() - before, Math::max);
                return false;
            };
            new LinearCompressor(lab.backend, recipe, DType.BF16).compress(weight, statistics, watch);
            assertThat(peak.get())
                    .isPositive()
                    .isLessThanOrEqualTo(LinearCompressor.workingBytes(recipe.rounding(), rows, cols, 4));
            assertThat(lab.backend.memory().liveBytes()).isEqualTo(before);
        }
    }

    @Test
    void decodesOneScalePerRow() {
        try (Lab lab = new Lab(DType.F32, 12)) {
            double[][] w = lab.gaussian(3, 10);
            Compressed result = lab.compress(Lab.nearest(Lab.grid(8, 0, true)), w, Lab.identity(10, 1));
            assertThat(result.linear().groups()).isEqualTo(1);
            for (double[] row : lab.error(w, result.linear())) {
                assertThat(Arrays.stream(row).map(Math::abs).max().orElseThrow())
                        .isLessThan(0.03);
            }
        }
    }
}
