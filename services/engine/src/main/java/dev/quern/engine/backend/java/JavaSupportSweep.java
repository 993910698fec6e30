package dev.quern.engine.backend.java;

import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.Supported;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.host.SupportRow;

/** Rounding on supports by its definition: a factor of H for each row. */
final class JavaSupportSweep {
    private final HostThreads threads;
    private final HostTensor w;
    private final HostTensor mask;
    private final HostTensor h;
    private final int[] order;
    private final Grid grid;

    JavaSupportSweep(HostThreads threads, Supported weights, Grid grid) {
        this.threads = threads;
        this.w = HostTensor.of(weights.w());
        this.mask = HostTensor.of(weights.mask());
        this.h = HostTensor.of(weights.h());
        this.order = HostTensor.of(weights.order()).ints();
        this.grid = grid;
    }

    void run(Tensor codes, Tensor loss) {
        double[] losses = new double[w.rows()];
        threads.run(w.rows(), r -> {
            SupportRow row = new SupportRow(grid, w.dtype(), order);
            row.load(r, mask, w);
            double[][] factor = factor(r, row.columns());
            losses[r] = row.round((i, target) -> System.arraycopy(factor[i], 0, target, 0, i + 1));
            HostTensor.of(codes).setRow(r, row.codes());
        });
        HostTensor.of(loss).addSum(losses);
    }

    /** Cholesky's lower factor of H on these columns, row after row. */
    private double[][] factor(int row, int[] columns) {
        double[][] lower = new double[columns.length][];
        for (int i = 0; i < columns.length; i++) {
            lower[i] = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                double left = h.get(columns[i], columns[j]);
                for (int k = 0; k < j; k++) {
                    left -= lower[i][k] * lower[j][k];
                }
                lower[i][j] = i == j ? Math.sqrt(left) : left / lower[j][j];
            }
            if (!(lower[i][i] > 0)) {
                throw SupportRow.notPositive(row);
            }
        }
        return lower;
    }
}
