package dev.quern.openblas.rounding;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.Supported;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.host.SupportRow;
import dev.quern.openblas.blas.Blas;
import dev.quern.openblas.vector.Rows;

/** Rounding on supports: one LAPACK factor for each row, as many rows side by side as there are threads. */
final class SupportSweep {
    private final HostAllocator allocator;
    private final HostThreads threads;
    private final HostTensor w;
    private final HostTensor mask;
    private final HostTensor h;
    private final int[] order;
    private final Grid grid;

    SupportSweep(HostAllocator allocator, HostThreads threads, Supported weights, Grid grid) {
        this.allocator = allocator;
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
            int kept = row.columns().length;
            try (Scope scope = allocator.scratch()) {
                HostTensor factor = HostTensor.of(scope.allocate(DType.F64, kept, kept));
                gather(row.columns(), factor);
                if (!Blas.choleskyLower(factor)) {
                    throw SupportRow.notPositive(r);
                }
                losses[r] = row.round((i, target) -> Rows.read(factor, i, target));
            }
            HostTensor.of(codes).setRow(r, row.codes());
        });
        HostTensor.of(loss).addSum(losses);
    }

    /** The lower triangle of H on these columns. */
    private void gather(int[] columns, HostTensor target) {
        double[] whole = new double[h.cols()];
        double[] line = new double[columns.length];
        for (int i = 0; i < columns.length; i++) {
            Rows.read(h, columns[i], whole);
            for (int j = 0; j <= i; j++) {
                line[j] = whole[columns[j]];
            }
            Rows.write(line, target, i);
        }
    }
}
