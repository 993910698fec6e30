package dev.quern.openblas.rounding;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.Outer;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.openblas.vector.Rows;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What happens within a block of a two-sided sweep, a row at a time with columns in vector lanes: the rows above give
 * their feedback to all columns at once, then each column gives its own to those on its right. Lanes do not mix, so the
 * width of vectors changes no bit.
 */
final class TwoSidedKernel {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /** Adding and subtracting 1.5 * 2^23 rounds |x| < 2^22 half to even. */
    private static final float ROUND = 0x1.8p23f;

    private final Panel panel;
    private final Outer outer;
    private final Grid grid;
    private final HostTensor codes;
    private final HostTensor errors;
    private final int[] groups;
    private final double[] pivots;
    private final double[] outerPivots;

    TwoSidedKernel(Panel panel, Outer outer, Grid grid, Tensor codes, Tensor errors) {
        this.panel = panel;
        this.outer = outer;
        this.grid = grid;
        this.codes = HostTensor.of(codes);
        this.errors = HostTensor.of(errors);
        groups = HostTensor.of(panel.groups()).ints();
        pivots = HostTensor.of(panel.pivots()).row(0);
        outerPivots = HostTensor.of(outer.pivots()).row(0);
    }

    /**
     * Rounds one block.
     *
     * @param above the feedback of all rows above the block
     * @return its loss
     */
    double run(int row, int toRow, int col, int toCol, HostTensor above) {
        Block block = new Block(row, toRow - row, col, toCol - col);
        block.load(above);
        double loss = 0;
        for (int r = 0; r < toRow - row; r++) {
            block.feedbackFromAbove(r);
            loss += block.round(r) * outerPivots[row + r];
        }
        block.store();
        return loss;
    }

    private final class Block {
        private final int row;
        private final int rows;
        private final int col;
        private final int cols;
        /** Floats that a row takes in the arrays: whole vectors. */
        private final int width;
        /** In: the weights plus the feedback from the left. Out: what each lost, c - q. */
        private final float[] lost;
        /** In: the weights as given. Out: errors. */
        private final float[] original;

        private final float[] above;
        private final float[] inner;
        private final float[] outerRow;
        private final float[] scales;
        private final float[] zeros;
        private final byte[] code;

        Block(int row, int rows, int col, int cols) {
            this.row = row;
            this.rows = rows;
            this.col = col;
            this.cols = cols;
            width = Math.ceilDiv(cols, LANES) * LANES;
            lost = new float[rows * width];
            original = new float[rows * width];
            above = new float[rows * width];
            inner = new float[cols * width];
            outerRow = new float[rows * rows];
            scales = new float[cols];
            zeros = new float[cols];
            code = new byte[cols];
        }

        void load(HostTensor feedback) {
            read(part(panel.w()), lost);
            read(part(panel.original()), original);
            read(feedback, above);
            read(HostTensor.of(panel.unit()).rows(col, col + cols).cols(col, col + cols), inner);
            for (int j = 0; j < cols; j++) {
                // A column gives feedback only to those after it.
                Arrays.fill(inner, j * width, j * width + j + 1, 0);
            }
            HostTensor unit = HostTensor.of(outer.unit()).rows(row, row + rows).cols(row, row + rows);
            float[] line = new float[rows];
            for (int k = 0; k < rows; k++) {
                Rows.read(unit, k, line);
                for (int r = k + 1; r < rows; r++) {
                    outerRow[r * rows + k] = line[r];
                }
            }
        }

        private HostTensor part(Tensor tensor) {
            return HostTensor.of(tensor).rows(row, row + rows).cols(col, col + cols);
        }

        private void read(HostTensor source, float[] target) {
            for (int r = 0; r < source.rows(); r++) {
                MemorySegment.copy(
                        source.memory(), JAVA_FLOAT_UNALIGNED, source.byteAt(r, 0), target, r * width, source.cols());
            }
        }

        void feedbackFromAbove(int r) {
            for (int j = 0; j < width; j += LANES) {
                FloatVector sum = FloatVector.fromArray(SPECIES, above, r * width + j);
                for (int k = 0; k < r; k++) {
                    FloatVector row = FloatVector.fromArray(SPECIES, lost, k * width + j);
                    sum = row.fma(FloatVector.broadcast(SPECIES, outerRow[r * rows + k]), sum);
                }
                sum.intoArray(above, r * width + j);
            }
        }

        double round(int r) {
            loadGrid(row + r);
            int top = grid.options().top();
            double loss = 0;
            for (int j = 0; j < cols; j++) {
                int at = r * width + j;
                float centre = lost[at];
                float target = centre + above[at];
                float steps = Math.min(Math.max(target / scales[j], -zeros[j]), top - zeros[j]);
                float rounded = (steps + ROUND) - ROUND;
                float quantized = rounded * scales[j];
                float error = original[at] - quantized;
                code[j] = (byte) (int) (rounded + zeros[j]);
                original[at] = error;
                double missed = target - quantized;
                loss += missed * missed * pivots[col + j];
                feedbackToTheRight(r, j, error);
                lost[at] = centre - quantized;
            }
            MemorySegment.copy(code, 0, codes.memory(), JAVA_BYTE, codes.byteAt(row + r, col), cols);
            return loss;
        }

        private void loadGrid(int r) {
            HostTensor scale = HostTensor.of(grid.scales());
            HostTensor zero = HostTensor.of(grid.zeros());
            for (int j = 0; j < cols; j++) {
                int group = groups[col + j];
                scales[j] = scale.memory().get(JAVA_FLOAT_UNALIGNED, scale.byteAt(r, group));
                zeros[j] = zero.memory().get(JAVA_BYTE, zero.byteAt(r, group)) & 0xFF;
            }
        }

        private void feedbackToTheRight(int r, int j, float error) {
            for (int k = j / LANES * LANES; k < width; k += LANES) {
                FloatVector unit = FloatVector.fromArray(SPECIES, inner, j * width + k);
                FloatVector sum = FloatVector.fromArray(SPECIES, lost, r * width + k);
                unit.fma(FloatVector.broadcast(SPECIES, error), sum).intoArray(lost, r * width + k);
            }
        }

        void store() {
            for (int r = 0; r < rows; r++) {
                write(part(panel.w()), lost, r);
                write(errors.rows(row, row + rows).cols(col, col + cols), original, r);
            }
        }

        private void write(HostTensor target, float[] values, int r) {
            MemorySegment.copy(
                    values, r * width, target.memory(), JAVA_FLOAT_UNALIGNED, target.byteAt(r, 0), target.cols());
        }
    }
}
