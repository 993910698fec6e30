package dev.quern.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.Parity.Both;
import dev.quern.engine.backend.Rounding.Descent;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Rounding.Outer;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Rounding.Refit;
import dev.quern.engine.backend.host.GroupFit;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import java.util.Arrays;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Grids and panels beside the specification in the same working type, on views between guards. */
public abstract class RoundingContract extends BackendContract {
    private JavaBackend specification;
    private Scope plain;

    @BeforeEach
    void openSpecification() {
        specification = new JavaBackend(backend.workingType(), 1);
        plain = specification.memory().scope();
    }

    @AfterEach
    void closeSpecification() {
        plain.close();
        specification.close();
    }

    /** rows, columns, group size, bits, symmetric. */
    static Stream<Arguments> grids() {
        return Stream.of(
                Arguments.of(1, 1, 1, 4, true),
                Arguments.of(3, 7, 7, 2, false),
                Arguments.of(65, 24, 8, 3, true),
                Arguments.of(13, 257, 257, 8, false),
                Arguments.of(129, 130, 26, 4, true),
                Arguments.of(200, 128, 128, 4, false),
                Arguments.of(64, 127, 127, 5, true),
                Arguments.of(2, 129, 43, 8, true));
    }

    private Both weights(int rows, int cols) {
        // Some columns are large, so that a search has something to clip.
        return parity.filled(
                backend.workingType(),
                rows,
                cols,
                () -> parity.random.nextGaussian() * (parity.random.nextInt(16) == 0 ? 4 : 1));
    }

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

    private HostTensor host(Both both) {
        return HostTensor.over(parity.download(both.subject()), both.subject().dtype(), both.rows(), both.cols());
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

    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void everyCodeOfAPanelIsTheNearestToItsTarget(int rows, int cols, int group, int bits, boolean symmetric) {
        GridOptions grid = new GridOptions(bits, group, symmetric, false, DType.BF16);
        DType type = backend.workingType();
        Both original = weights(rows, cols);
        Both moved = parity.random(type, rows, cols, 2);
        Both unit = unit(cols);
        Both pivots = parity.filled(DType.F64, 1, cols, () -> 0.1 + parity.random.nextDouble());
        // Any column may be of any group, as after a permutation.
        int[] groups = parity.random.ints(cols, 0, cols / group).toArray();
        Both scales =
                parity.filled(type, rows, cols / group, () -> Math.scalb(1 + parity.random.nextInt(128) / 128.0, -2));
        Both zeros = parity.filled(DType.U8, rows, cols / group, () -> parity.random.nextInt(grid.top() + 1));
        Both codes = parity.zeros(DType.U8, rows, cols);
        Both errors = parity.zeros(type, rows, cols);
        Both loss = parity.filled(DType.F64, 1, 1, () -> 2);
        Panel panel = new Panel(
                moved.subject(),
                original.subject(),
                unit.subject(),
                pivots.subject(),
                parity.ints(groups).subject());
        Grid fitted = new Grid(grid, scales.subject(), zeros.subject());
        backend.rounding().gptqPanel(panel, fitted, codes.subject(), errors.subject(), loss.subject());

        double[][] u = parity.values(codes.subject());
        double[][] e = parity.values(errors.subject());
        // What was in the sum stays in it.
        double expected = 2;
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < cols; j++) {
                double scale = HostTensor.of(scales.oracle()).get(r, groups[j]);
                double zero = HostTensor.of(zeros.oracle()).get(r, groups[j]);
                double target = HostTensor.of(moved.oracle()).get(r, j);
                for (int k = 0; k < j; k++) {
                    target += e[r][k] * HostTensor.of(unit.oracle()).get(k, j);
                }
                double quantized = (u[r][j] - zero) * scale;
                double clamped = Math.clamp(target / scale + zero, 0, grid.top());
                assertThat(Math.abs(clamped - u[r][j]))
                        .as("row %d, column %d, %s", r, j, parity.seed())
                        .isLessThan(0.5001);
                assertThat(e[r][j]).isCloseTo(HostTensor.of(original.oracle()).get(r, j) - quantized, within(1e-5));
                double lost = target - quantized;
                expected += lost * lost * HostTensor.of(pivots.oracle()).get(0, j);
            }
        }
        assertThat(backend.memory().value(loss.subject())).isCloseTo(expected, within(1e-4 * expected));
        copyToOracle(codes, u);
        copyToOracle(errors, e);
        parity.verify("codes and their guards", codes, 0, 0);
        parity.verify("errors and their guards", errors, 0, 0);
    }

    /** The other columns are rounded as they would be without it, since errors of zeros are those of the weights. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void whatAMaskLeavesOutOfAPanelIsZero(int rows, int cols, int group, int bits, boolean symmetric) {
        DType type = backend.workingType();
        GridOptions grid = new GridOptions(bits, group, symmetric, false, DType.BF16);
        Both original = weights(rows, cols);
        // Without feedback every column is on its own, so that both sides agree to the bit.
        int[] next = {0};
        Both unit = parity.filled(type, cols, cols, () -> next[0]++ % (cols + 1) == 0 ? 1 : 0);
        Both pivots = parity.filled(DType.F64, 1, cols, () -> 1);
        int[] groups = parity.random.ints(cols, 0, cols / group).toArray();
        Both scales = parity.filled(type, rows, cols / group, () -> 0.25);
        Both zeros = parity.filled(DType.U8, rows, cols / group, () -> parity.random.nextInt(grid.top() + 1));
        Both mask = parity.filled(DType.U8, rows, cols, () -> parity.random.nextInt(2));
        Both codes = parity.zeros(DType.U8, rows, cols);
        Both errors = parity.zeros(type, rows, cols);
        Both loss = parity.zeros(DType.F64, 1, 1);
        Tensor columns = parity.ints(groups).subject();
        Panel panel = new Panel(
                original.subject(), original.subject(), unit.subject(), pivots.subject(), columns, mask.subject());
        backend.rounding()
                .gptqPanel(
                        panel,
                        new Grid(grid, scales.subject(), zeros.subject()),
                        codes.subject(),
                        errors.subject(),
                        loss.subject());

        double[][] u = parity.values(codes.subject());
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < cols; j++) {
                double zero = HostTensor.of(zeros.oracle()).get(r, groups[j]);
                double nearest = HostTensor.of(original.oracle()).get(r, j) / 0.25 + zero;
                boolean kept = HostTensor.of(mask.oracle()).get(r, j) != 0;
                double expected = kept ? Math.clamp(Math.rint(nearest - zero) + zero, 0, grid.top()) : zero;
                assertThat(u[r][j])
                        .as("row %d, column %d, %s", r, j, parity.seed())
                        .isEqualTo(expected);
            }
        }
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

    /** The targets follow from the errors and losses that the backend itself wrote. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void everyCodeOfATwoSidedPanelIsTheNearestToItsTarget(int rows, int cols, int group, int bits, boolean symmetric) {
        GridOptions grid = new GridOptions(bits, group, symmetric, false, DType.BF16);
        DType type = backend.workingType();
        Both original = weights(rows, cols);
        Both moved = parity.random(type, rows, cols, 2);
        double[][] before = parity.values(moved.subject());
        Both unit = unit(cols);
        Both pivots = parity.filled(DType.F64, 1, cols, () -> 0.1 + parity.random.nextDouble());
        Both outer = unit(rows);
        Both outerPivots = parity.filled(DType.F64, 1, rows, () -> 0.1 + parity.random.nextDouble());
        int[] groups = parity.random.ints(cols, 0, cols / group).toArray();
        Both scales =
                parity.filled(type, rows, cols / group, () -> Math.scalb(1 + parity.random.nextInt(128) / 128.0, -2));
        Both zeros = parity.filled(DType.U8, rows, cols / group, () -> parity.random.nextInt(grid.top() + 1));
        Both codes = parity.zeros(DType.U8, rows, cols);
        Both errors = parity.zeros(type, rows, cols);
        Both loss = parity.filled(DType.F64, 1, 1, () -> 2);
        Panel panel = new Panel(
                moved.subject(),
                original.subject(),
                unit.subject(),
                pivots.subject(),
                parity.ints(groups).subject());
        backend.rounding()
                .twoSidedPanel(
                        panel,
                        new Outer(outer.subject(), outerPivots.subject()),
                        new Grid(grid, scales.subject(), zeros.subject()),
                        0,
                        codes.subject(),
                        errors.subject(),
                        loss.subject());

        double[][] u = parity.values(codes.subject());
        double[][] e = parity.values(errors.subject());
        double[][] lost = parity.values(moved.subject());
        double expected = 2;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                double centre = before[i][j];
                for (int k = 0; k < j; k++) {
                    centre += e[i][k] * HostTensor.of(unit.oracle()).get(k, j);
                }
                double target = centre;
                for (int k = 0; k < i; k++) {
                    target += lost[k][j] * HostTensor.of(outer.oracle()).get(k, i);
                }
                double scale = HostTensor.of(scales.oracle()).get(i, groups[j]);
                double zero = HostTensor.of(zeros.oracle()).get(i, groups[j]);
                double quantized = (u[i][j] - zero) * scale;
                double clamped = Math.clamp(target / scale + zero, 0, grid.top());
                assertThat(Math.abs(clamped - u[i][j]))
                        .as("row %d, column %d, %s", i, j, parity.seed())
                        .isLessThan(0.5001);
                assertThat(lost[i][j]).isCloseTo(centre - quantized, within(1e-4));
                assertThat(e[i][j]).isCloseTo(HostTensor.of(original.oracle()).get(i, j) - quantized, within(1e-5));
                double missed = target - quantized;
                expected += missed
                        * missed
                        * HostTensor.of(pivots.oracle()).get(0, j)
                        * HostTensor.of(outerPivots.oracle()).get(0, i);
            }
        }
        assertThat(backend.memory().value(loss.subject())).isCloseTo(expected, within(1e-4 * expected));
        copyToOracle(codes, u);
        copyToOracle(errors, e);
        copyToOracle(moved, lost);
        parity.verify("codes and their guards", codes, 0, 0);
        parity.verify("errors and their guards", errors, 0, 0);
        parity.verify("losses and their guards", moved, 0, 0);
    }

    /** Later grids depend on codes, of which one that is nearly a tie may differ; those of the first columns do not. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}")
    @MethodSource("grids")
    void aTwoSidedPanelFitsGridsToCompensatedWeights(int rows, int cols, int group, int bits, boolean symmetric) {
        GridOptions grid = new GridOptions(bits, group, symmetric, false, null);
        DType type = backend.workingType();
        Both original = weights(rows, cols);
        Both moved = weights(rows, cols);
        Both unit = unit(cols);
        Both outer = unit(rows);
        Both scales = parity.zeros(type, rows, cols / group);
        Both zeros = parity.zeros(DType.U8, rows, cols / group);
        Both compensated = parity.zeros(type, rows, group);
        Tensor firstUnit = unit.subject().rows(0, group).cols(0, group);
        backend.rounding()
                .compensate(
                        moved.subject().cols(0, group),
                        original.subject().cols(0, group),
                        firstUnit,
                        compensated.subject());
        Both expected = parity.zeros(type, rows, 1);
        Both expectedZeros = parity.zeros(DType.U8, rows, 1);
        backend.rounding().fitGrid(compensated.subject(), grid, expected.subject(), expectedZeros.subject());

        int[] groups = new int[cols];
        Arrays.setAll(groups, j -> cols / group - 1 - j / group);
        Both ones = parity.filled(DType.F64, 1, cols, () -> 1);
        Panel panel = new Panel(
                moved.subject(),
                original.subject(),
                unit.subject(),
                ones.subject(),
                parity.ints(groups).subject());
        Both outerOnes = parity.filled(DType.F64, 1, rows, () -> 1);
        backend.rounding()
                .twoSidedPanel(
                        panel,
                        new Outer(outer.subject(), outerOnes.subject()),
                        new Grid(grid, scales.subject(), zeros.subject()),
                        group,
                        parity.zeros(DType.U8, rows, cols).subject(),
                        parity.zeros(type, rows, cols).subject(),
                        parity.zeros(DType.F64, 1, 1).subject());
        double[][] fitted = parity.values(scales.subject());
        double[][] first = parity.values(expected.subject());
        for (int i = 0; i < rows; i++) {
            assertThat(fitted[i][groups[0]]).as("row %d, %s", i, parity.seed()).isCloseTo(first[i][0], within(1e-5));
            for (double scale : fitted[i]) {
                assertThat(scale).isPositive();
            }
        }
    }

    @Test
    void aColumnBelongsToTheGroupOfItsPlaceInTheLinear() {
        Both order = parity.ints(5, 0, 3, 1, 4, 2);
        Both groups = parity.ints(new int[6]);
        backend.rounding().groups(order.subject(), 2, groups.subject());
        assertThat(parity.values(groups.subject())[0]).containsExactly(2, 0, 1, 0, 2, 1);
    }

    @ParameterizedTest(name = "{0} x {1}")
    @MethodSource("grids")
    void compensatesAsTheSpecification(int rows, int cols, int group, int bits, boolean symmetric) {
        DType type = backend.workingType();
        Both original = weights(rows, cols);
        Both moved = weights(rows, cols);
        Both unit = unit(cols);
        Both target = parity.zeros(type, rows, cols);
        backend.rounding().compensate(moved.subject(), original.subject(), unit.subject(), target.subject());
        parity.oracle.rounding().compensate(moved.oracle(), original.oracle(), unit.oracle(), target.oracle());
        parity.verify("compensated", target, 2e-5 * 16, 2e-5);
    }

    @Test
    void splitsAFactorIntoUnitAndPivots() {
        for (int n : SIZES) {
            Both v = parity.filled(DType.F64, n, n, () -> parity.random.nextGaussian() + 3);
            Both unit = parity.zeros(backend.workingType(), n, n);
            Both pivots = parity.zeros(DType.F64, 1, n);
            backend.rounding().splitFactor(v.subject(), unit.subject(), pivots.subject());
            parity.oracle.rounding().splitFactor(v.oracle(), unit.oracle(), pivots.oracle());
            parity.verify("unit", unit, 0, Parity.FLOAT_ULP);
            parity.verify("pivots", pivots, 0, 0);
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
            Both solution = parity.random(type, 70, cols, 1);
            Both residual = parity.random(type, 70, cols, 1);
            Both gain = parity.filled(DType.F64, 1, 1, () -> 1);
            Descent descent = new Descent(
                    mask.subject(), solution.subject(), residual.subject(), direction.subject(), energies.subject());
            Descent expected = new Descent(
                    bytes(mask), working(solution), working(residual), working(direction), energies.oracle());
            backend.rounding().descend(descent, product.subject(), gain.subject());
            specification.rounding().descend(expected, working(product), gain.oracle());
            verifyClose("solution", solution, expected.solution());
            verifyClose("residual", residual, expected.residual());
            parity.verify("gain", gain, 0, 1e-9);

            backend.rounding().turn(descent, product.subject());
            specification.rounding().turn(expected, working(product));
            verifyClose("direction", direction, expected.direction());
            parity.verify("energies", energies, 1e-5 * cols, 0);
        }
    }

    private Tensor bytes(Both both) {
        Tensor copy = plain.allocate(DType.U8, both.rows(), both.cols());
        specification.memory().copy(host(both), copy);
        return copy;
    }

    private void verifyClose(String what, Both both, Tensor expected) {
        copyToOracle(both, rows(expected));
        parity.verify(what, both, 1e-5, 1e-5);
    }

    /** Unit upper triangular, with entries that let feedback neither die nor explode. */
    private Both unit(int n) {
        int[] next = {0};
        double size = 1 / Math.sqrt(n);
        return parity.filled(backend.workingType(), n, n, () -> {
            int i = next[0]++;
            int row = i / n;
            int col = i % n;
            return row == col ? 1 : row > col ? 0 : parity.random.nextGaussian() * size;
        });
    }

    private Tensor working(Both both) {
        Tensor copy = plain.allocate(backend.workingType(), both.rows(), both.cols());
        specification.memory().copy(both.oracle(), copy);
        return copy;
    }

    private void verifySame(String what, Both both, Tensor expected) {
        copyToOracle(both, rows(expected));
        parity.verify(what, both, 0, 0);
    }

    private static void copyToOracle(Both both, double[][] values) {
        for (int r = 0; r < values.length; r++) {
            HostTensor.of(both.oracle()).setRow(r, values[r]);
        }
    }

    private static double[][] rows(Tensor tensor) {
        double[][] rows = new double[tensor.rows()][];
        Arrays.setAll(rows, HostTensor.of(tensor)::row);
        return rows;
    }
}
