package dev.quern.openblas.rounding;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.engine.backend.host.HostTensor;
import dev.quern.openblas.vector.Rows;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * A few rows of a panel, turned over: element (row, j) lies at {@code j * ROWS + row}, so that a column fills vector
 * registers.
 */
final class PanelBlock {
    /** Four registers for each of two columns hide the latency of the multiply-add. */
    static final int ROWS = 4 * FloatVector.SPECIES_PREFERRED.length();

    /** In: where to round. Out: what rounding lost, target - quantized. */
    final float[] target;
    /** In: the weights as given. Out: codes. */
    final float[] original;
    /** Out: original - quantized. */
    final float[] errors;
    /** In: 1, or 0 where the code is that of zero. */
    final float[] mask;
    /** By slot of a group. */
    final float[] scales;

    final float[] zeros;
    private final PanelGroups groups;
    private final int width;
    private final float[] row;
    private final byte[] bytes;

    PanelBlock(int width, PanelGroups groups) {
        this.width = width;
        this.groups = groups;
        target = new float[width * ROWS];
        original = new float[width * ROWS];
        errors = new float[width * ROWS];
        mask = new float[width * ROWS];
        Arrays.fill(mask, 1);
        scales = new float[groups.count() * ROWS];
        zeros = new float[groups.count() * ROWS];
        row = new float[width];
        bytes = new byte[width];
    }

    /** Rows past the last are zeros. */
    void load(HostTensor source, int first, float[] values) {
        for (int r = 0; r < ROWS; r++) {
            if (first + r < source.rows()) {
                Rows.read(source, first + r, row);
            } else {
                Arrays.fill(row, 0);
            }
            for (int j = 0; j < width; j++) {
                values[j * ROWS + r] = row[j];
            }
        }
    }

    /** {@code a -= b}. */
    void subtract(float[] a, float[] b) {
        for (int i = 0; i < a.length; i++) {
            a[i] -= b[i];
        }
    }

    /** Rows past the last get a scale that divides. */
    void loadGrid(HostTensor scaleOf, HostTensor zeroOf, int first) {
        for (int slot = 0; slot < groups.count(); slot++) {
            int group = groups.group(slot);
            for (int r = 0; r < ROWS; r++) {
                boolean inside = first + r < scaleOf.rows();
                scales[slot * ROWS + r] =
                        inside ? scaleOf.memory().get(JAVA_FLOAT_UNALIGNED, scaleOf.byteAt(first + r, group)) : 1;
                zeros[slot * ROWS + r] =
                        inside ? zeroOf.memory().get(JAVA_BYTE, zeroOf.byteAt(first + r, group)) & 0xFF : 0;
            }
        }
    }

    /** Rows past the last are left as they are. */
    void loadMask(HostTensor source, int first) {
        int rows = Math.min(ROWS, source.rows() - first);
        for (int r = 0; r < rows; r++) {
            Rows.read(source, first + r, bytes);
            for (int j = 0; j < width; j++) {
                mask[j * ROWS + r] = bytes[j];
            }
        }
    }

    void store(float[] values, HostTensor destination, int first) {
        int rows = Math.min(ROWS, destination.rows() - first);
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < width; j++) {
                row[j] = values[j * ROWS + r];
            }
            Rows.write(row, destination, first + r);
        }
    }

    void storeCodes(HostTensor codes, int first) {
        int rows = Math.min(ROWS, codes.rows() - first);
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < width; j++) {
                bytes[j] = (byte) (int) original[j * ROWS + r];
            }
            MemorySegment.copy(bytes, 0, codes.memory(), JAVA_BYTE, codes.byteAt(first + r, 0), width);
        }
    }

    /** Σ_j lost_j² pivot_j of each row, in float64, j rising. */
    void losses(double[] pivots, double[] sums, int first) {
        double[] block = new double[ROWS];
        for (int j = 0; j < width; j++) {
            double pivot = pivots[j];
            for (int r = 0; r < ROWS; r++) {
                double lost = target[j * ROWS + r];
                block[r] += lost * lost * pivot;
            }
        }
        System.arraycopy(block, 0, sums, first, Math.min(ROWS, sums.length - first));
    }
}
