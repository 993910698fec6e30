package dev.quern.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.quern.engine.backend.Parity.Both;
import dev.quern.engine.backend.Rounding.Descent;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Rounding.Refit;
import dev.quern.engine.backend.Rounding.Supported;
import dev.quern.engine.backend.host.GroupFit;
import dev.quern.engine.backend.host.HostTensor;
import java.util.Arrays;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Grids, masks and descents on them. */
public abstract class RoundingContract extends SpecifiedContract {
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void gridsWithoutASearchHaveTheSameBits(int rows, int cols, int group, int bits, boolean symmetric) {
        GridOptions grid = new GridOptions(bits, group, symmetric, false, null);
        Both w = weights(rows, cols);
        Both scales = parity.zeros(backend.workingType(), rows, cols / group);
        Both zeros = parity.zeros(DType.U8, rows, cols / group);
        Both codes = parity.zeros(DType.U8, rows, cols);
        backend.rounding().fitGrid(w.subject(), grid, scales.subject(), zeros.subject());
        backend.rounding().roundToNearest(w.subject(), grid, scales.subject(), zeros.subject(), codes.subject());

        Tensor reference = working(w);
        Tensor plainScales = plain.allocate(backend.workingType(), rows, cols / group);
        Tensor plainZeros = plain.allocate(DType.U8, rows, cols / group);
        Tensor plainCodes = plain.allocate(DType.U8, rows, cols);
        specification.rounding().fitGrid(reference, grid, plainScales, plainZeros);
        specification.rounding().roundToNearest(reference, grid, plainScales, plainZeros, plainCodes);
        verifySame("scales", scales, plainScales);
        verifySame("zeros", zeros, plainZeros);
        verifySame("codes", codes, plainCodes);

        Both decoded = parity.zeros(backend.workingType(), rows, cols);
        Tensor plainDecoded = plain.allocate(backend.workingType(), rows, cols);
        backend.rounding()
                .decode(codes.subject(), scales.subject(), zeros.subject(), group, DType.F32, decoded.subject());
        specification.rounding().decode(plainCodes, plainScales, plainZeros, group, DType.F32, plainDecoded);
        verifySame("decoded", decoded, plainDecoded);
    }

    /** From scales of 8 bits, as every result has them: their products with codes are exact in float32. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void decodesAsALoaderOfEachDtype(int rows, int cols, int group, int bits, boolean symmetric) {
        GridOptions grid = new GridOptions(bits, group, symmetric, false, DType.BF16);
        Both w = weights(rows, cols);
        Both scales = parity.zeros(backend.workingType(), rows, cols / group);
        Both zeros = parity.zeros(DType.U8, rows, cols / group);
        Both codes = parity.zeros(DType.U8, rows, cols);
        backend.rounding().fitGrid(w.subject(), grid, scales.subject(), zeros.subject());
        backend.rounding().roundToNearest(w.subject(), grid, scales.subject(), zeros.subject(), codes.subject());
        for (DType as : new DType[] {DType.F32, DType.BF16, DType.F16}) {
            Both decoded = parity.zeros(backend.workingType(), rows, cols);
            Tensor plainDecoded = plain.allocate(backend.workingType(), rows, cols);
            backend.rounding().decode(codes.subject(), scales.subject(), zeros.subject(), group, as, decoded.subject());
            specification.rounding().decode(host(codes), host(scales), host(zeros), group, as, plainDecoded);
            verifySame("decoded as " + as, decoded, plainDecoded);
        }
    }

    /**
     * Sums in another order may prefer another share of the range, but only one that is as good. Scales are compared as
     * searched: equally good ones may differ after rounding.
     */
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void searchesFindScalesAsGood(int rows, int cols, int group, int bits, boolean symmetric) {
        for (boolean clipSearch : new boolean[] {true, false}) {
            GridOptions grid = new GridOptions(bits, group, symmetric, clipSearch, null);
            Both w = weights(rows, cols);
            Both scales = parity.zeros(backend.workingType(), rows, cols / group);
            Both zeros = parity.zeros(DType.U8, rows, cols / group);
            backend.rounding().fitGrid(w.subject(), grid, scales.subject(), zeros.subject());

            Tensor plainScales = plain.allocate(backend.workingType(), rows, cols / group);
            Tensor plainZeros = plain.allocate(DType.U8, rows, cols / group);
            specification.rounding().fitGrid(working(w), grid, plainScales, plainZeros);
            double[][] found = errors(w, null, grid, parity.values(scales.subject()), parity.values(zeros.subject()));
            double[][] best = errors(w, null, grid, rows(plainScales), rows(plainZeros));
            for (int r = 0; r < rows; r++) {
                for (int g = 0; g < cols / group; g++) {
                    assertThat(found[r][g])
                            .as("error of row %d, group %d, clip search %s, %s", r, g, clipSearch, parity.seed())
                            .isCloseTo(best[r][g], within(2e-4 * best[r][g] + 1e-9));
                }
            }
        }
    }

    /** The same where columns are of different importance, some of none and one of all of it. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void weightedSearchesFindScalesAsGood(int rows, int cols, int group, int bits, boolean symmetric) {
        GridOptions grid = new GridOptions(bits, group, symmetric, true, null);
        Both w = weights(rows, cols);
        Both importance = parity.filled(
                DType.F64, 1, cols, () -> Math.pow(10, parity.random.nextInt(-3, 6)) * parity.random.nextInt(2));
        Both scales = parity.zeros(backend.workingType(), rows, cols / group);
        Both zeros = parity.zeros(DType.U8, rows, cols / group);
        backend.rounding().fitGrid(w.subject(), importance.subject(), grid, scales.subject(), zeros.subject());

        Tensor plainScales = plain.allocate(backend.workingType(), rows, cols / group);
        Tensor plainZeros = plain.allocate(DType.U8, rows, cols / group);
        specification.rounding().fitGrid(working(w), importance.oracle(), grid, plainScales, plainZeros);
        double[] columns = HostTensor.of(importance.oracle()).row(0);
        double[][] found = errors(w, columns, grid, parity.values(scales.subject()), parity.values(zeros.subject()));
        double[][] best = errors(w, columns, grid, rows(plainScales), rows(plainZeros));
        double largest = Arrays.stream(columns).max().orElseThrow();
        for (int r = 0; r < rows; r++) {
            for (int g = 0; g < cols / group; g++) {
                assertThat(found[r][g])
                        .as("error of row %d, group %d, %s", r, g, parity.seed())
                        .isCloseTo(best[r][g], within(2e-4 * best[r][g] + 1e-9 * largest));
            }
        }
    }

    /** @param importance null for the sum of powers of 2.4 */
    private static double[][] errors(
            Both w, double @Nullable [] importance, GridOptions grid, double[][] scales, double[][] zeros) {
        HostTensor weights = HostTensor.of(w.oracle());
        double[][] sums = new double[scales.length][scales[0].length];
        for (int r = 0; r < w.rows(); r++) {
            for (int c = 0; c < w.cols(); c++) {
                int g = c / grid.groupSize();
                double scale = scales[r][g];
                int code = GroupFit.code(weights.get(r, c), scale, (int) zeros[r][g], grid.top(), false);
                double error = Math.abs(weights.get(r, c) - (code - zeros[r][g]) * scale);
                sums[r][g] +=
                        importance == null ? Math.pow(error, GroupFit.CLIP_EXPONENT) : importance[c] * error * error;
            }
        }
        return sums;
    }

    /** A scale moves to the least of its parabola, or to the nearest scale that a file can hold. */
    @ParameterizedTest(name = "{0} x {1}")
    @MethodSource("grids")
    void refitsScalesAsTheSpecification(int rows, int cols, int group, int bits, boolean symmetric) {
        for (DType stored : new DType[] {null, DType.BF16}) {
            GridOptions grid = new GridOptions(bits, group, symmetric, true, stored);
            DType type = backend.workingType();
            Both steps = parity.filled(type, rows, group, () -> parity.random.nextInt(-grid.middle(), grid.middle()));
            Both products = parity.filled(type, rows, group, () -> 1 + parity.random.nextDouble());
            Both gradient = parity.random(type, rows, group, 0.1);
            // Steps of one sign make the curvature positive, others leave some rows without.
            Both scales = parity.filled(type, rows, 1, () -> Math.scalb(1 + parity.random.nextInt(128) / 128.0, -2));
            parity.run(
                    b -> b.rounding()
                            .refitScales(
                                    new Refit(steps.subject(), products.subject(), gradient.subject()),
                                    grid,
                                    scales.subject()),
                    b -> b.rounding()
                            .refitScales(
                                    new Refit(steps.oracle(), products.oracle(), gradient.oracle()),
                                    grid,
                                    scales.oracle()));
            parity.verify("scales, stored as " + stored, scales, 0, stored == null ? 1e-4 : 0x1p-7);
        }
    }

    /** Whole numbers, so that many are equal. */
    @ParameterizedTest(name = "{0} columns")
    @ValueSource(ints = {1, 2, 4, 7, 130})
    void keepsTheLargestOfEverySegment(int segment) {
        for (int keep : new int[] {0, 1, segment / 2, segment}) {
            int cols = segment * (1 + parity.random.nextInt(4));
            Both w = parity.filled(backend.workingType(), 67, cols, () -> parity.random.nextInt(7) - 3);
            Both importance = parity.filled(DType.F64, 1, cols, () -> parity.random.nextInt(3));
            Both mask = parity.zeros(DType.U8, 67, cols);
            backend.rounding().keepLargest(w.subject(), importance.subject(), keep, segment, mask.subject());
            Tensor expected = plain.allocate(DType.U8, 67, cols);
            specification.rounding().keepLargest(working(w), importance.oracle(), keep, segment, expected);
            verifySame("mask", mask, expected);
            for (double[] row : rows(expected)) {
                for (int from = 0; from < cols; from += segment) {
                    assertThat(Arrays.stream(row, from, from + segment).sum()).isEqualTo(keep);
                }
            }
        }
    }

    /** Rows keep half of their weights, nothing, or all. The loss is tr(E H Eᵀ) of what they became. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void roundsOnSupports(int rows, int cols, int group, int bits, boolean symmetric) {
        DType type = backend.workingType();
        int[] next = {0};
        Both mask =
                parity.filled(DType.U8, rows, cols, () -> Math.max(0, next[0]++ / cols % 3 - parity.random.nextInt(2)));
        DoubleSupplier kept = elements(mask.oracle());
        Both w = parity.filled(type, rows, cols, () -> kept.getAsDouble() == 0 ? 0 : parity.random.nextGaussian());
        Both h = gram(cols);
        int[] columns = IntStream.range(0, cols).map(j -> cols - 1 - j).toArray();
        Both order = parity.ints(columns);
        GridOptions options = new GridOptions(bits, group, symmetric, false, DType.BF16);
        Both scales = parity.filled(type, rows, cols / group, () -> 0.5 + parity.random.nextInt(4) / 8.0);
        Both zeros = parity.filled(DType.U8, rows, cols / group, options::middle);
        Both codes = parity.zeros(DType.U8, rows, cols);
        Both loss = parity.filled(DType.F64, 1, 1, () -> 1);
        backend.rounding()
                .roundOnSupport(
                        new Supported(w.subject(), mask.subject(), h.subject(), order.subject()),
                        new Grid(options, scales.subject(), zeros.subject()),
                        codes.subject(),
                        loss.subject());

        Tensor expected = plain.allocate(DType.U8, rows, cols);
        Grid grid = new Grid(options, working(scales), bytes(zeros));
        Tensor ordered = order.oracle();
        specification
                .rounding()
                .roundOnSupport(
                        new Supported(working(w), bytes(mask), h.oracle(), ordered), grid, expected, loss.oracle());
        parity.verify("loss", loss, 1e-9, 1e-9);
        assertThat(backend.memory().value(loss.subject()) - 1)
                .as(parity.seed())
                .isCloseTo(quadratic(w, expected, grid, h), withinPercentage(1e-3));
        verifySame("codes", codes, expected);
    }

    private Both gram(int n) {
        double[][] x = new double[n + 1][n];
        for (double[] row : x) {
            Arrays.setAll(row, j -> parity.random.nextGaussian());
        }
        int[] next = {0};
        return parity.filled(DType.F64, n, n, () -> {
            int i = next[0] / n;
            int j = next[0]++ % n;
            return Arrays.stream(x).mapToDouble(row -> row[i] * row[j]).sum() + (i == j ? 0.1 : 0);
        });
    }

    /** tr(E H Eᵀ). */
    private static double quadratic(Both w, Tensor codes, Grid grid, Both h) {
        double sum = 0;
        for (int r = 0; r < w.rows(); r++) {
            double[] error = HostTensor.of(w.oracle()).row(r);
            for (int j = 0; j < error.length; j++) {
                int group = j / grid.options().groupSize();
                error[j] -= (HostTensor.of(codes).get(r, j) - grid.options().middle())
                        * HostTensor.of(grid.scales()).get(r, group);
            }
            for (int i = 0; i < error.length; i++) {
                for (int j = 0; j < error.length; j++) {
                    sum += error[i] * HostTensor.of(h.oracle()).get(i, j) * error[j];
                }
            }
        }
        return sum;
    }

    /** Where a direction has no curvature, and in a row without energy, nothing moves. */
    @Test
    void takesTheStepsOfConjugateGradients() {
        DType type = backend.workingType();
        for (int cols : SIZES) {
            Both mask = parity.filled(DType.U8, 70, cols, () -> parity.random.nextInt(2));
            Both direction = parity.random(type, 70, cols, 1);
            DoubleSupplier directions = elements(direction.oracle());
            Both product =
                    parity.filled(type, 70, cols, () -> directions.getAsDouble() * (0.5 + parity.random.nextDouble()));
            Both energies = parity.filled(DType.F64, 70, 1, () -> parity.random.nextInt(3));
            Both diagonal = parity.filled(DType.F64, 1, cols, () -> 0.5 + parity.random.nextDouble());
            Both residual = parity.random(type, 70, cols, 1);
            Both gain = parity.filled(DType.F64, 1, 1, () -> 1);
            Descent descent = new Descent(mask.subject(), residual.subject(), direction.subject(), energies.subject());
            Descent expected = new Descent(bytes(mask), working(residual), working(direction), energies.oracle());
            backend.rounding().descend(descent, product.subject(), gain.subject());
            specification.rounding().descend(expected, working(product), gain.oracle());
            verifyClose("residual", residual, expected.residual());
            parity.verify("gain", gain, 0, 1e-9);

            backend.rounding().turn(descent, diagonal.subject());
            specification.rounding().turn(expected, diagonal.oracle());
            verifyClose("direction", direction, expected.direction());
            parity.verify("energies", energies, 1e-5 * cols, 0);
        }
    }
}
