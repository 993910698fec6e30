package dev.quern.engine.backend.java;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.LinearAlgebra;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.LinearAlgebraChecks;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import java.util.Arrays;

/** Products and factorisations by their definitions. */
public final class JavaLinearAlgebra implements LinearAlgebra {
    private final HostThreads threads;

    public JavaLinearAlgebra(HostThreads threads) {
        this.threads = threads;
    }

    @Override
    public void gemm(
            Precision precision,
            double alpha,
            Tensor a,
            boolean transposeA,
            Tensor b,
            boolean transposeB,
            double beta,
            Tensor c) {
        LinearAlgebraChecks.gemm(precision, a, transposeA, b, transposeB, c);
        double[][] left = rows(HostTensor.of(a), transposeA);
        double[][] right = rows(HostTensor.of(b), transposeB);
        HostTensor target = HostTensor.of(c);
        SplitProduct split = precision == Precision.SPLIT_BF16X3 ? new SplitProduct(right) : null;
        threads.run(target.rows(), i -> {
            double[] sums = new double[target.cols()];
            if (split == null) {
                addProduct(left[i], right, sums);
            } else {
                split.add(left[i], sums);
            }
            double[] before = beta == 0 ? new double[sums.length] : target.row(i);
            for (int j = 0; j < sums.length; j++) {
                sums[j] = alpha * sums[j] + (beta == 0 ? 0 : beta * before[j]);
            }
            target.setRow(i, sums);
        });
    }

    /** Adds one row of the product to its sums: {@code Σ_k left[k] * right[k, :]}, k rising. */
    static void addProduct(double[] left, double[][] right, double[] sums) {
        for (int k = 0; k < left.length; k++) {
            double factor = left[k];
            double[] row = right[k];
            for (int j = 0; j < sums.length; j++) {
                sums[j] += factor * row[j];
            }
        }
    }

    private static double[][] rows(HostTensor matrix, boolean transpose) {
        double[][] values = new double[transpose ? matrix.cols() : matrix.rows()][];
        for (int r = 0; r < values.length; r++) {
            values[r] = transpose ? column(matrix, r) : matrix.row(r);
        }
        return values;
    }

    private static double[] column(HostTensor matrix, int col) {
        double[] values = new double[matrix.rows()];
        for (int r = 0; r < values.length; r++) {
            values[r] = matrix.get(r, col);
        }
        return values;
    }

    @Override
    public void addGram(Tensor x, Tensor h) {
        LinearAlgebraChecks.addGram(x, h);
        gemm(Precision.F64, 1, x, true, x, false, 1, h);
    }

    @Override
    public void addSymmetric(Tensor a, Tensor b, Tensor h) {
        LinearAlgebraChecks.addSymmetric(a, b, h);
        double[][] left = rows(HostTensor.of(a), true);
        double[][] right = rows(HostTensor.of(b), true);
        HostTensor sum = HostTensor.of(h);
        threads.run(sum.rows(), i -> {
            for (int j = 0; j <= i; j++) {
                double value = sum.get(i, j) + dot(left[i], right[j], 0);
                sum.set(i, j, value);
                sum.set(j, i, value);
            }
        });
    }

    @Override
    public boolean factorUpper(Tensor h, Cancellation cancellation) {
        LinearAlgebraChecks.factorUpper(h);
        double[][] v = rows(HostTensor.of(h), false);
        // From the last column: V_jj² = H_jj - Σ_{k>j} V_jk², V_ij = (H_ij - Σ_{k>j} V_ik V_jk) / V_jj for i < j.
        for (int j = v.length - 1; j >= 0; j--) {
            cancellation.check();
            double[] row = v[j];
            double pivot = row[j] - dot(row, row, j + 1);
            if (!(pivot > 0) || !Double.isFinite(pivot)) {
                return false;
            }
            Arrays.fill(row, 0, j, 0);
            row[j] = Math.sqrt(pivot);
            int column = j;
            threads.run(j, i -> v[i][column] = (v[i][column] - dot(v[i], row, column + 1)) / row[column]);
        }
        threads.run(v.length, i -> HostTensor.of(h).setRow(i, v[i]));
        return true;
    }

    @Override
    public void invertFactored(Tensor unit, Tensor pivots, Tensor target) {
        LinearAlgebraChecks.invertFactored(unit, pivots, target);
        double[][] u = rows(HostTensor.of(unit), false);
        double[] d = HostTensor.of(pivots).row(0);
        // Y = U⁻¹ row by row, Y_ij = -Σ_{i<=k<j} Y_ik U_kj, and H⁻¹ = Yᵀ D⁻¹ Y.
        double[][] y = new double[d.length][d.length];
        threads.run(d.length, i -> {
            y[i][i] = 1;
            for (int k = i; k < d.length; k++) {
                for (int j = k + 1; j < d.length; j++) {
                    y[i][j] -= y[i][k] * u[k][j];
                }
            }
        });
        threads.run(d.length, r -> {
            double[] row = new double[d.length];
            for (int k = 0; k <= r; k++) {
                for (int j = k; j < d.length; j++) {
                    row[j] += y[k][r] / d[k] * y[k][j];
                }
            }
            HostTensor.of(target).setRow(r, row);
        });
    }

    @Override
    public void hadamard(Tensor signs, Tensor factor, Tensor target) {
        LinearAlgebraChecks.hadamard(signs, factor, target);
        double[][] q = randomised(HostTensor.of(signs).row(0), rows(HostTensor.of(factor), false));
        HostTensor matrix = HostTensor.of(target);
        threads.run(matrix.rows(), r -> {
            for (int from = 0; from < matrix.cols(); from += q.length) {
                HostTensor segment = matrix.cols(from, from + q.length);
                double[] sums = new double[q.length];
                addProduct(segment.row(r), q, sums);
                segment.setRow(r, sums);
            }
        });
    }

    /** {@code diag(signs) (factor ⊗ W) / √n}. */
    private static double[][] randomised(double[] signs, double[][] factor) {
        int n = signs.length;
        int inner = n / factor.length;
        double[][] q = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double walsh = 1 - 2 * (Integer.bitCount((i % inner) & (j % inner)) % 2);
                q[i][j] = signs[i] * factor[i / inner][j / inner] * walsh / Math.sqrt(n);
            }
        }
        return q;
    }

    private static double dot(double[] a, double[] b, int from) {
        double sum = 0;
        for (int k = from; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }
}
