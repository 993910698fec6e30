package dev.quern.engine.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GroupFitTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void exactScalesAreTheNeighboursThatBothHalfTypesHold(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            double scale = Math.scalb(1 + random.nextDouble(), random.nextInt(-20, 20));
            float below = ExactScales.below(scale);
            float above = ExactScales.above(scale);
            for (float exact : new float[] {below, above}) {
                assertThat(Float.float16ToFloat(Float.floatToFloat16(exact))).isEqualTo(exact);
                assertThat(SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(exact)))
                        .isEqualTo(exact);
                assertThat(exact).isBetween(0x1p-14f, 65504f);
            }
            if (scale >= 0x1p-14 && scale <= 65280) {
                assertThat((double) below).isLessThanOrEqualTo(scale);
                assertThat((double) above).isGreaterThanOrEqualTo(scale);
                assertThat((above - below) / scale).isLessThanOrEqualTo(0x1p-7);
            }
        }
        assertThat(ExactScales.below(0.75)).isEqualTo(ExactScales.above(0.75)).isEqualTo(0.75f);
    }

    @Test
    void tiesGoToTheEvenCode() {
        assertThat(GroupFit.code(0.5, 1, 8, 15, true)).isEqualTo(8);
        assertThat(GroupFit.code(1.5, 1, 8, 15, true)).isEqualTo(10);
        assertThat(GroupFit.code(-0.5, 1, 8, 15, true)).isEqualTo(8);
        assertThat(GroupFit.code(-1.5, 1, 8, 15, false)).isEqualTo(6);
        assertThat(GroupFit.code(100, 1, 8, 15, true)).isEqualTo(15);
        assertThat(GroupFit.code(-100, 1, 8, 15, true)).isZero();
    }

    /** The published code keeps lo = 0 here and clips the upper half of the group (ALGORITHMS.md 1.2). */
    @ParameterizedTest(name = "{0} bits, sign {1}")
    @CsvSource({"2, 1", "4, 1", "8, 1", "2, -1", "4, -1", "8, -1"})
    void aGroupOfOneSignIsNotClipped(int bits, int sign) {
        GridOptions grid = new GridOptions(bits, 6, true, false, false);
        double[] group = {0.1 * sign, 0.9 * sign, 1.0 * sign, 0.5 * sign, 0.33 * sign, 0.77 * sign};
        GroupFit.Fitted fitted = fit(group, grid);
        for (double w : group) {
            int code = GroupFit.code(w, fitted.scale(), fitted.zero(), grid.top(), false);
            double error = Math.abs(w - (code - fitted.zero()) * fitted.scale());
            assertThat(error).isLessThanOrEqualTo(fitted.scale() / 2 * (1 + 1e-12));
        }
    }

    @ParameterizedTest(name = "symmetric {0}, clip search {1}, rounded {2}")
    @CsvSource({"true, false, false", "true, true, true", "false, false, true", "false, true, false"})
    void abusiveGroupsGetAFinitePositiveScale(boolean symmetric, boolean clipSearch, boolean rounded) {
        GridOptions grid = new GridOptions(4, 4, symmetric, clipSearch, rounded);
        double[][] groups = {
            {0, 0, 0, 0},
            {-0.0, 0, -0.0, 0},
            {1e-45, 0, 0, -1e-45},
            {1e-30, -1e-30, 0, 0},
            {3e38, -3e38, 1, 0},
            {5, 5, 5, 5},
            {-5, -5, -5, -5}
        };
        for (double[] group : groups) {
            GroupFit.Fitted fitted = fit(group, grid);
            assertThat(fitted.scale()).isFinite().isPositive();
            assertThat(fitted.zero()).isBetween(0, 15);
            // Zero is on every grid.
            assertThat(GroupFit.code(0, fitted.scale(), fitted.zero(), 15, true))
                    .isEqualTo(fitted.zero());
        }
    }

    @ParameterizedTest(name = "{0} bits, symmetric {1}, seed {2}")
    @CsvSource({"2, true, 1", "3, false, 2", "4, true, 3", "4, false, 4", "8, true, 5"})
    void theClipSearchFindsTheBestOfAllShares(int bits, boolean symmetric, long seed) {
        GridOptions grid = new GridOptions(bits, 64, symmetric, true, false);
        Random random = new Random(seed);
        double[] group = random.doubles(64, -1, 1).map(x -> x * x * x).toArray();
        double lo = Arrays.stream(group).min().orElseThrow();
        double hi = Arrays.stream(group).max().orElseThrow();
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < 80; i++) {
            double p = 1 - i / 100.0;
            double limit = Math.max(-lo, hi);
            double scale = (symmetric ? 2 * limit : hi - lo) * p / grid.top();
            int zero = symmetric ? grid.middle() : (int) Math.rint(-lo * p / scale);
            best = Math.min(best, sum(group, grid, scale, zero) * Math.pow(scale, 2.4));
        }
        GroupFit.Fitted fitted = fit(group, grid);
        double found = sum(group, grid, fitted.scale(), fitted.zero()) * Math.pow(fitted.scale(), 2.4);
        assertThat(found).isCloseTo(best, within(1e-9 * best));
    }

    /** The better neighbour by the error of plain rounding is not the better one after the sweep (docs/adr/0007-scales.md). */
    @ParameterizedTest(name = "clip search {0}")
    @ValueSource(booleans = {true, false})
    void roundingTakesTheNearestExactScale(boolean clipSearch) {
        Random random = new Random(9);
        for (int i = 0; i < 50; i++) {
            double[] group = random.doubles(32, -1, 1).toArray();
            double searched =
                    fit(group, new GridOptions(4, 32, true, clipSearch, false)).scale();

            double chosen =
                    fit(group, new GridOptions(4, 32, true, clipSearch, true)).scale();

            assertThat(chosen).isIn((double) ExactScales.below(searched), (double) ExactScales.above(searched));
            assertThat(Math.abs(chosen - searched)).isLessThanOrEqualTo(searched * 0x1p-8);
        }
    }

    private static GroupFit.Fitted fit(double[] group, GridOptions grid) {
        double min = Arrays.stream(group).min().orElseThrow();
        double max = Arrays.stream(group).max().orElseThrow();
        return new GroupFit(grid, DType.F64).fit(min, max, (scale, zero) -> sum(group, grid, scale, zero));
    }

    private static double sum(double[] group, GridOptions grid, double scale, int zero) {
        double sum = 0;
        for (double w : group) {
            int code = GroupFit.code(w, scale, zero, grid.top(), false);
            sum += Math.pow(Math.abs(w / scale - (code - zero)), GroupFit.CLIP_EXPONENT);
        }
        return sum;
    }
}
