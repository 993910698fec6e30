package dev.quern.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.Parity.Both;
import dev.quern.engine.backend.Rounding.Fitting;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Rounding.Outer;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.host.HostTensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Panels of sweeps, and what they are made from. */
public abstract class PanelContract extends SpecifiedContract {
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
                        null,
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
        GridOptions grid = new GridOptions(bits, group, symmetric, true, null);
        DType type = backend.workingType();
        Both importance = parity.filled(DType.F64, 1, cols, () -> Math.exp(4 * parity.random.nextGaussian()));
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
        Tensor first = importance.subject().cols(0, group);
        backend.rounding().fitGrid(compensated.subject(), first, grid, expected.subject(), expectedZeros.subject());

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
                        new Fitting(group, importance.subject()),
                        parity.zeros(DType.U8, rows, cols).subject(),
                        parity.zeros(type, rows, cols).subject(),
                        parity.zeros(DType.F64, 1, 1).subject());
        double[][] fitted = parity.values(scales.subject());
        double[][] known = parity.values(expected.subject());
        for (int i = 0; i < rows; i++) {
            assertThat(fitted[i][groups[0]]).as("row %d, %s", i, parity.seed()).isCloseTo(known[i][0], within(1e-5));
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
}
