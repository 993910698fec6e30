package dev.quern.engine.backend.java;

import dev.quern.engine.backend.Elementwise;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.ElementwiseChecks;
import dev.quern.engine.backend.host.HostTensor;

/** One element after the other, row by row. */
public final class JavaElementwise implements Elementwise {
    @Override
    public void add(Tensor a, Tensor b, Tensor target) {
        ElementwiseChecks.add(a, b, target);
        HostTensor left = HostTensor.of(a);
        HostTensor right = HostTensor.of(b);
        HostTensor sum = HostTensor.of(target);
        for (int r = 0; r < sum.rows(); r++) {
            for (int c = 0; c < sum.cols(); c++) {
                sum.set(r, c, left.get(r, c) + right.get(r, c));
            }
        }
    }

    @Override
    public void addRow(Tensor row, Tensor target) {
        ElementwiseChecks.addRow(row, target);
        HostTensor addend = HostTensor.of(row);
        HostTensor sum = HostTensor.of(target);
        for (int r = 0; r < sum.rows(); r++) {
            for (int c = 0; c < sum.cols(); c++) {
                sum.set(r, c, sum.get(r, c) + addend.get(0, c));
            }
        }
    }

    @Override
    public void multiplyRow(Tensor row, Tensor target) {
        ElementwiseChecks.multiplyRow(row, target);
        HostTensor factors = HostTensor.of(row);
        HostTensor product = HostTensor.of(target);
        for (int r = 0; r < product.rows(); r++) {
            for (int c = 0; c < product.cols(); c++) {
                product.set(r, c, product.get(r, c) * factors.get(0, c));
            }
        }
    }

    @Override
    public void scale(double factor, Tensor target) {
        HostTensor values = HostTensor.of(target);
        for (int r = 0; r < values.rows(); r++) {
            for (int c = 0; c < values.cols(); c++) {
                values.set(r, c, values.get(r, c) * factor);
            }
        }
    }

    @Override
    public void addDiagonal(double value, Tensor target) {
        ElementwiseChecks.addDiagonal(target);
        HostTensor values = HostTensor.of(target);
        for (int i = 0; i < values.rows(); i++) {
            values.set(i, i, values.get(i, i) + value);
        }
    }

    @Override
    public void addDiagonal(double factor, Tensor values, Tensor target) {
        ElementwiseChecks.addDiagonal(values, target);
        HostTensor matrix = HostTensor.of(target);
        double[] added = HostTensor.of(values).row(0);
        for (int i = 0; i < added.length; i++) {
            matrix.set(i, i, matrix.get(i, i) + factor * added[i]);
        }
    }

    @Override
    public void diagonal(Tensor source, Tensor target) {
        ElementwiseChecks.diagonal(source, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        for (int i = 0; i < from.rows(); i++) {
            to.set(0, i, from.get(i, i));
        }
    }

    @Override
    public double mean(Tensor source) {
        HostTensor values = HostTensor.of(source);
        double sum = 0;
        for (int r = 0; r < values.rows(); r++) {
            for (int c = 0; c < values.cols(); c++) {
                sum += values.get(r, c);
            }
        }
        return sum / ((double) values.rows() * values.cols());
    }

    @Override
    public void addDot(Tensor a, Tensor b, Tensor sum) {
        ElementwiseChecks.addDot(a, b, sum);
        HostTensor left = HostTensor.of(a);
        HostTensor right = HostTensor.of(b);
        double dot = 0;
        for (int r = 0; r < left.rows(); r++) {
            for (int c = 0; c < left.cols(); c++) {
                dot += left.get(r, c) * right.get(r, c);
            }
        }
        HostTensor.of(sum).addSum(new double[] {dot});
    }

    @Override
    public double meanRatio(Tensor a, Tensor b) {
        ElementwiseChecks.meanRatio(a, b);
        HostTensor numerators = HostTensor.of(a);
        HostTensor denominators = HostTensor.of(b);
        double sum = 0;
        for (int r = 0; r < numerators.rows(); r++) {
            for (int c = 0; c < numerators.cols(); c++) {
                sum += numerators.get(r, c) / denominators.get(r, c);
            }
        }
        return sum / ((double) a.rows() * a.cols());
    }

    @Override
    public double maxAbs(Tensor source) {
        HostTensor values = HostTensor.of(source);
        double max = 0;
        for (int r = 0; r < values.rows(); r++) {
            for (int c = 0; c < values.cols(); c++) {
                max = Math.max(max, Math.abs(values.get(r, c)));
            }
        }
        return max;
    }

    @Override
    public void columnMaxAbs(Tensor source, Tensor target) {
        ElementwiseChecks.columnMaxAbs(source, target);
        HostTensor values = HostTensor.of(source);
        for (int c = 0; c < values.cols(); c++) {
            double max = 0;
            for (int r = 0; r < values.rows(); r++) {
                max = Math.max(max, Math.abs(values.get(r, c)));
            }
            HostTensor.of(target).set(0, c, max);
        }
    }

    @Override
    public boolean allFinite(Tensor source) {
        HostTensor values = HostTensor.of(source);
        for (int r = 0; r < values.rows(); r++) {
            for (int c = 0; c < values.cols(); c++) {
                if (!Double.isFinite(values.get(r, c))) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public void keep(Tensor mask, Tensor target) {
        ElementwiseChecks.keep(mask, target);
        HostTensor kept = HostTensor.of(mask);
        HostTensor values = HostTensor.of(target);
        for (int r = 0; r < values.rows(); r++) {
            for (int c = 0; c < values.cols(); c++) {
                if (kept.get(r, c) == 0) {
                    values.set(r, c, 0);
                }
            }
        }
    }
}
