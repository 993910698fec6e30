package dev.quern.openblas.vector;

import dev.quern.engine.backend.Elementwise;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.ElementwiseChecks;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.java.JavaElementwise;

/**
 * Row by row in float64, rounded once when stored: for float32 operands one such operation gives the bits of the
 * float32 one. Reductions sum each row in a fixed order, then the rows in theirs.
 */
public final class VectorElementwise implements Elementwise {
    private final HostThreads threads;
    private final JavaElementwise plain = new JavaElementwise();

    public VectorElementwise(HostThreads threads) {
        this.threads = threads;
    }

    @Override
    public void add(Tensor a, Tensor b, Tensor target) {
        ElementwiseChecks.add(a, b, target);
        rows(a, b, target, (left, right, n) -> {
            for (int i = 0; i < n; i++) {
                left[i] += right[i];
            }
        });
    }

    @Override
    public void addRow(Tensor row, Tensor target) {
        ElementwiseChecks.addRow(row, target);
        double[] addend = HostTensor.of(row).row(0);
        rows(target, (values, n) -> {
            for (int i = 0; i < n; i++) {
                values[i] += addend[i];
            }
        });
    }

    @Override
    public void multiplyRow(Tensor row, Tensor target) {
        ElementwiseChecks.multiplyRow(row, target);
        double[] factors = HostTensor.of(row).row(0);
        rows(target, (values, n) -> {
            for (int i = 0; i < n; i++) {
                values[i] *= factors[i];
            }
        });
    }

    @Override
    public void scale(double factor, Tensor target) {
        rows(target, (values, n) -> {
            for (int i = 0; i < n; i++) {
                values[i] *= factor;
            }
        });
    }

    @Override
    public void addDiagonal(double value, Tensor target) {
        plain.addDiagonal(value, target);
    }

    @Override
    public void addDiagonal(double factor, Tensor values, Tensor target) {
        plain.addDiagonal(factor, values, target);
    }

    @Override
    public void diagonal(Tensor source, Tensor target) {
        plain.diagonal(source, target);
    }

    @Override
    public double mean(Tensor source) {
        double sum = total(perRow(source, Sums::sum));
        return sum / ((double) source.rows() * source.cols());
    }

    @Override
    public void addDot(Tensor a, Tensor b, Tensor sum) {
        ElementwiseChecks.addDot(a, b, sum);
        HostTensor left = HostTensor.of(a);
        HostTensor right = HostTensor.of(b);
        double[] sums = new double[left.rows()];
        RowTasks.run(threads, left.rows(), left.cols(), (begin, end) -> {
            double[] x = new double[left.cols()];
            double[] y = new double[left.cols()];
            for (int r = begin; r < end; r++) {
                Rows.read(left, r, x);
                Rows.read(right, r, y);
                sums[r] = Sums.dot(x, y, 0, x.length);
            }
        });
        HostTensor.of(sum).addSum(sums);
    }

    @Override
    public double meanRatio(Tensor a, Tensor b) {
        return plain.meanRatio(a, b);
    }

    @Override
    public double maxAbs(Tensor source) {
        double max = 0;
        for (double row : perRow(source, VectorElementwise::largest)) {
            max = Math.max(max, row);
        }
        return max;
    }

    @Override
    public void columnMaxAbs(Tensor source, Tensor target) {
        ElementwiseChecks.columnMaxAbs(source, target);
        HostTensor matrix = HostTensor.of(source);
        double[] max = new double[matrix.cols()];
        RowTasks.run(threads, matrix.rows(), matrix.cols(), (begin, end) -> {
            double[] largest = new double[max.length];
            double[] values = new double[max.length];
            for (int r = begin; r < end; r++) {
                Rows.read(matrix, r, values);
                largest(values, largest);
            }
            // In any order: a maximum is exact.
            synchronized (max) {
                largest(largest, max);
            }
        });
        HostTensor.of(target).setRow(0, max);
    }

    /** {@code max = max(max, |values|)}, element by element. */
    private static void largest(double[] values, double[] max) {
        for (int i = 0; i < max.length; i++) {
            max[i] = Math.max(max[i], Math.abs(values[i]));
        }
    }

    private static double largest(double[] values, int from, int to) {
        double max = 0;
        for (int i = from; i < to; i++) {
            max = Math.max(max, Math.abs(values[i]));
        }
        return max;
    }

    @Override
    public boolean allFinite(Tensor source) {
        // 0 * x is 0 for a finite x and NaN for every other.
        return total(perRow(source, (values, from, to) -> {
                    double sum = 0;
                    for (int i = from; i < to; i++) {
                        sum += 0 * values[i];
                    }
                    return sum;
                }))
                == 0;
    }

    @Override
    public void keep(Tensor mask, Tensor target) {
        ElementwiseChecks.keep(mask, target);
        HostTensor matrix = HostTensor.of(target);
        RowTasks.run(threads, matrix.rows(), matrix.cols(), (begin, end) -> {
            byte[] kept = new byte[matrix.cols()];
            double[] values = new double[matrix.cols()];
            for (int r = begin; r < end; r++) {
                Rows.read(HostTensor.of(mask), r, kept);
                Rows.read(matrix, r, values);
                for (int i = 0; i < kept.length; i++) {
                    values[i] = kept[i] == 0 ? 0 : values[i];
                }
                Rows.write(values, matrix, r);
            }
        });
    }

    private static double total(double[] sums) {
        double total = 0;
        for (double sum : sums) {
            total += sum;
        }
        return total;
    }

    @FunctionalInterface
    private interface Reduction {
        double of(double[] values, int from, int to);
    }

    private double[] perRow(Tensor source, Reduction reduction) {
        HostTensor matrix = HostTensor.of(source);
        double[] results = new double[matrix.rows()];
        RowTasks.run(threads, matrix.rows(), matrix.cols(), (begin, end) -> {
            double[] values = new double[matrix.cols()];
            for (int r = begin; r < end; r++) {
                Rows.read(matrix, r, values);
                results[r] = reduction.of(values, 0, values.length);
            }
        });
        return results;
    }

    @FunctionalInterface
    private interface Update {
        void apply(double[] values, int n);
    }

    private void rows(Tensor target, Update update) {
        HostTensor matrix = HostTensor.of(target);
        RowTasks.run(threads, matrix.rows(), matrix.cols(), (begin, end) -> {
            double[] values = new double[matrix.cols()];
            for (int r = begin; r < end; r++) {
                Rows.read(matrix, r, values);
                update.apply(values, values.length);
                Rows.write(values, matrix, r);
            }
        });
    }

    @FunctionalInterface
    private interface Combination {
        void into(double[] left, double[] right, int n);
    }

    private void rows(Tensor a, Tensor b, Tensor target, Combination combination) {
        HostTensor left = HostTensor.of(a);
        HostTensor right = HostTensor.of(b);
        HostTensor result = HostTensor.of(target);
        RowTasks.run(threads, left.rows(), left.cols(), (begin, end) -> {
            double[] x = new double[left.cols()];
            double[] y = new double[left.cols()];
            for (int r = begin; r < end; r++) {
                Rows.read(left, r, x);
                Rows.read(right, r, y);
                combination.into(x, y, x.length);
                Rows.write(x, result, r);
            }
        });
    }
}
