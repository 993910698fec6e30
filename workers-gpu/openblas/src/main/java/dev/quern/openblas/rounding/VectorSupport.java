package dev.quern.openblas.rounding;

import dev.quern.engine.backend.Rounding.Descent;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.openblas.vector.RowTasks;
import dev.quern.openblas.vector.Rows;
import dev.quern.openblas.vector.Sums;
import java.util.Arrays;

/** Which weights are kept, and what the kept ones become: rows do not depend on each other. */
final class VectorSupport {
    private VectorSupport() {}

    static void keepLargest(HostThreads threads, Tensor w, double[] importance, int keep, int segment, Tensor mask) {
        RowTasks.run(threads, w.rows(), w.cols(), (begin, end) -> {
            double[] scores = new double[w.cols()];
            double[] sorted = new double[segment];
            byte[] kept = new byte[w.cols()];
            for (int r = begin; r < end; r++) {
                Rows.read(HostTensor.of(w), r, scores);
                for (int c = 0; c < scores.length; c++) {
                    scores[c] *= scores[c] * importance[c];
                }
                for (int from = 0; from < kept.length; from += segment) {
                    mark(scores, from, sorted, keep, kept);
                }
                Rows.write(kept, HostTensor.of(mask), r);
            }
        });
    }

    /** Keeps what is above the smallest kept score, and as many of its equals, from the left, as are still missing. */
    private static void mark(double[] scores, int from, double[] sorted, int keep, byte[] kept) {
        int to = from + sorted.length;
        Arrays.fill(kept, from, to, (byte) 0);
        if (keep == 0) {
            return;
        }
        System.arraycopy(scores, from, sorted, 0, sorted.length);
        Arrays.sort(sorted);
        double least = sorted[sorted.length - keep];
        int equals = keep;
        for (int c = from; c < to; c++) {
            if (Double.compare(scores[c], least) > 0) {
                kept[c] = 1;
                equals--;
            }
        }
        for (int c = from; c < to && equals > 0; c++) {
            if (Double.compare(scores[c], least) == 0) {
                kept[c] = 1;
                equals--;
            }
        }
    }

    static void descend(HostThreads threads, Descent descent, Tensor product, Tensor gain) {
        HostTensor energies = HostTensor.of(descent.energies());
        double[] gains = new double[product.rows()];
        RowTasks.run(threads, product.rows(), product.cols(), (begin, end) -> {
            Row row = new Row(descent);
            double[] curved = new double[product.cols()];
            for (int r = begin; r < end; r++) {
                row.read(r);
                Rows.read(HostTensor.of(product), r, curved);
                double energy = energies.get(r, 0);
                double curvature = Sums.dot(row.direction, curved, 0, curved.length);
                double step = curvature > 0 ? energy / curvature : 0;
                row.step(r, step, curved);
                gains[r] = step * energy;
            }
        });
        HostTensor.of(gain).addSum(gains);
    }

    static void turn(HostThreads threads, Descent descent, double[] diagonal) {
        HostTensor energies = HostTensor.of(descent.energies());
        RowTasks.run(threads, energies.rows(), diagonal.length, (begin, end) -> {
            Row row = new Row(descent);
            double[] preconditioned = new double[diagonal.length];
            for (int r = begin; r < end; r++) {
                row.read(r);
                row.precondition(r, diagonal, preconditioned);
                double before = energies.get(r, 0);
                double energy = Sums.dot(row.residual, preconditioned, 0, preconditioned.length);
                row.turn(r, preconditioned, before > 0 ? energy / before : 0);
                energies.set(r, 0, energy);
            }
        });
    }

    /** One row of a descent, again and again. */
    private static final class Row {
        private final Descent descent;
        private final byte[] mask;
        private final double[] residual;
        private final double[] direction;

        Row(Descent descent) {
            int n = descent.residual().cols();
            this.descent = descent;
            mask = new byte[n];
            residual = new double[n];
            direction = new double[n];
        }

        void read(int r) {
            Rows.read(HostTensor.of(descent.residual()), r, residual);
            Rows.read(HostTensor.of(descent.direction()), r, direction);
        }

        void step(int r, double step, double[] curved) {
            for (int c = 0; c < curved.length; c++) {
                residual[c] -= step * curved[c];
            }
            Rows.write(residual, HostTensor.of(descent.residual()), r);
        }

        void precondition(int r, double[] diagonal, double[] target) {
            Rows.read(HostTensor.of(descent.mask()), r, mask);
            for (int c = 0; c < target.length; c++) {
                target[c] = (1 - mask[c]) * residual[c] / diagonal[c];
            }
        }

        void turn(int r, double[] preconditioned, double share) {
            for (int c = 0; c < preconditioned.length; c++) {
                direction[c] = preconditioned[c] + share * direction[c];
            }
            Rows.write(direction, HostTensor.of(descent.direction()), r);
        }
    }
}
