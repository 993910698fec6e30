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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GroupFitTest {
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16", "F32"})
    void exactScalesAreTheNeighboursThatTheDtypeHolds(DType stored) {
        ExactScales exact = ExactScales.of(stored);
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            double scale = Math.scalb(1 + random.nextDouble(), random.nextInt(-24, 15));
            float below = exact.below(scale);
            float above = exact.above(scale);
            assertThat((double) below).isLessThanOrEqualTo(scale);
            assertThat((double) above).isGreaterThanOrEqualTo(scale);
            double step = stored == DType.F16 ? Math.max(scale * 0x1p-7, 0x1p-24) : scale * 0x1p-7;
            assertThat(above - below).isLessThanOrEqualTo((float) step);
            for (float neighbour : new float[] {below, above}) {
                assertThat(held(neighbour, stored)).isEqualTo(neighbour);
                if (scale >= 0x1p-14) {
                    assertThat(held(neighbour, DType.BF16)).isEqualTo(held(neighbour, DType.F16));
                }
            }
        }
        assertThat(exact.below(0.75)).isEqualTo(exact.above(0.75)).isEqualTo(0.75f);
    }

    private static float held(float scale, DType stored) {
        return switch (stored) {
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(scale));
            case BF16 -> SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(scale));
            default -> scale;
        };
    }

    @Test
    void scalesEndWhereTheDtypeDoes() {
        assertThat(ExactScales.of(DType.F16).below(1e-9)).isEqualTo(0x1p-24f);
        assertThat(ExactScales.of(DType.F16).above(1e9)).isEqualTo(65280f);
        assertThat(ExactScales.of(DType.BF16).below(1e-45)).isEqualTo(Float.MIN_NORMAL);
        assertThat(ExactScales.of(DType.BF16).above(1e39)).isEqualTo(0x1.FEp127f);
    }

    /** Multiplying weights by a power of two changes the scales by the same, and no code. */
    @ParameterizedTest(name = "symmetric {0}, 2^{1}")
    @CsvSource({"true, -12", "false, -30", "true, -60", "false, 20"})
    void theFitIsFreeOfScale(boolean symmetric, int exponent) {
        GridOptions grid = new GridOptions(4, 32, symmetric, true, DType.BF16);
        Random random = new Random(3);
        for (int i = 0; i < 50; i++) {
            double[] group = random.doubles(32, -1, 1).toArray();
            double[] moved =
                    Arrays.stream(group).map(w -> Math.scalb(w, exponent)).toArray();

            GroupFit.Fitted fitted = fit(group, grid);

            assertThat(fit(moved, grid))
                    .isEqualTo(new GroupFit.Fitted(Math.scalb(fitted.scale(), exponent), fitted.zero()));
        }
    }

    /** The farthest code of a symmetric grid reaches beyond its largest weight: here beyond what the dtype holds. */
    @ParameterizedTest(name = "{0}: {1} to {2}, symmetric {3}")
    @CsvSource({
        "F16, -65504, 65504, true",
        "F16, -65504, 65504, false",
        "F16, 0, 65504, false",
        "F16, -65504, 0, true",
        "BF16, -3.3895314e38, 3.3895314e38, true",
        "BF16, 0, 3.3895314e38, false",
        "F32, -3.4028234e38, 3.4028234e38, true",
    })
    void everyCodeDecodesToAFiniteWeight(DType stored, double min, double max, boolean symmetric) {
        for (int bits = 2; bits <= 8; bits++) {
            for (boolean clipSearch : new boolean[] {false, true}) {
                GridOptions grid = new GridOptions(bits, 4, symmetric, clipSearch, stored);
                double[] group = {min, max, min / 2, max / 3};

                GroupFit.Fitted fitted = fit(group, grid);

                for (int code = 0; code <= grid.top(); code++) {
                    float decoded = (float) ((code - fitted.zero()) * fitted.scale());
                    assertThat(held(decoded, stored))
                            .as("code %d of %s", code, fitted)
                            .isFinite();
                }
                assertThat(fitted.scale() * grid.top()).isGreaterThan(0.5 * (max - min));
            }
        }
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

    /** The published code keeps lo = 0 here and clips the upper half of the group (docs/algorithms.md, grids). */
    @ParameterizedTest(name = "{0} bits, sign {1}")
    @CsvSource({"2, 1", "4, 1", "8, 1", "2, -1", "4, -1", "8, -1"})
    void aGroupOfOneSignIsNotClipped(int bits, int sign) {
        GridOptions grid = new GridOptions(bits, 6, true, false, null);
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
        GridOptions grid = new GridOptions(4, 4, symmetric, clipSearch, rounded ? DType.BF16 : null);
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
        GridOptions grid = new GridOptions(bits, 64, symmetric, true, null);
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

    /**
     * The better neighbour by the error of plain rounding is not the better one after the sweep
     * (docs/adr/0007-scales.md).
     */
    @ParameterizedTest(name = "clip search {0}")
    @ValueSource(booleans = {true, false})
    void roundingTakesTheNearestExactScale(boolean clipSearch) {
        Random random = new Random(9);
        for (int i = 0; i < 50; i++) {
            double[] group = random.doubles(32, -1, 1).toArray();
            double searched =
                    fit(group, new GridOptions(4, 32, true, clipSearch, null)).scale();

            double chosen = fit(group, new GridOptions(4, 32, true, clipSearch, DType.BF16))
                    .scale();

            ExactScales exact = ExactScales.of(DType.BF16);
            assertThat(chosen).isIn((double) exact.below(searched), (double) exact.above(searched));
            assertThat(Math.abs(chosen - searched)).isLessThanOrEqualTo(searched * 0x1p-8);
        }
    }

    private static GroupFit.Fitted fit(double[] group, GridOptions grid) {
        double min = Arrays.stream(group).min().orElseThrow();
        double max = Arrays.stream(group).max().orElseThrow();
        return new GroupFit(grid, DType.F64, false).fit(min, max, (scale, zero) -> sum(group, grid, scale, zero));
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
