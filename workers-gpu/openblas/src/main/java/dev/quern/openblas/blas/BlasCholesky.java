package dev.quern.openblas.blas;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;

/**
 * H = V Vᵀ with V upper triangular, from the last block of columns to the first, in the upper triangle of H:
 *
 * <pre>
 * | A  P |   D = V_D V_Dᵀ              (one LAPACK call on the block, reversed)
 * |    D |   P ← P V_D⁻ᵀ               (tiles of rows)
 *            A ← A - P Pᵀ              (tiles of the upper triangle: nearly all the work)
 * </pre>
 */
public final class BlasCholesky {
    private static final int TILE = 512;

    private final HostAllocator allocator;
    private final HostThreads threads;

    public BlasCholesky(HostAllocator allocator, HostThreads threads) {
        this.allocator = allocator;
        this.threads = threads;
    }

    /** @return false when h is not positive definite or not finite */
    public boolean factorUpper(HostTensor h, Cancellation cancellation) {
        int n = h.rows();
        // A wider block passes over the memory of A less often, which is what a large A costs.
        int block = n > 4096 ? 512 : 256;
        for (int to = n; to > 0; to = (to - 1) / block * block) {
            cancellation.check();
            int from = (to - 1) / block * block;
            HostTensor diagonal = h.rows(from, to).cols(from, to);
            if (!factorBlock(diagonal)) {
                return false;
            }
            HostTensor panel = h.rows(0, from).cols(from, to);
            eachTile(from, rows -> Blas.solveRightUpperTransposed(diagonal, rows.of(panel)));
            updateRest(panel, h.rows(0, from).cols(0, from));
        }
        clearLower(h);
        return true;
    }

    private void updateRest(HostTensor panel, HostTensor rest) {
        int across = Math.ceilDiv(rest.rows(), TILE);
        threads.run(across * (across + 1) / 2, tile -> {
            int j = (int) ((Math.sqrt(8.0 * tile + 1) - 1) / 2);
            Range rows = Range.tile(tile - j * (j + 1) / 2, rest.rows());
            Range cols = Range.tile(j, rest.cols());
            HostTensor target = rows.of(rest).cols(cols.from, cols.to);
            if (rows.equals(cols)) {
                Blas.subtractOuterUpper(rows.of(panel), target);
            } else {
                Blas.gemm(-1, rows.of(panel), false, cols.of(panel), true, 1, target);
            }
        });
    }

    /** Reversing rows and columns turns V upper into R lower: J D J = R Rᵀ, V = J R J. */
    private boolean factorBlock(HostTensor d) {
        int n = d.rows();
        try (Scope scope = allocator.scratch()) {
            HostTensor reversed = HostTensor.of(scope.allocate(DType.F64, n, n));
            for (int i = 0; i < n; i++) {
                for (int j = i; j < n; j++) {
                    reversed.set(n - 1 - i, n - 1 - j, d.get(i, j));
                }
            }
            if (!Blas.choleskyLower(reversed)) {
                return false;
            }
            for (int i = 0; i < n; i++) {
                for (int j = i; j < n; j++) {
                    d.set(i, j, reversed.get(n - 1 - i, n - 1 - j));
                }
            }
        }
        return isPositive(d);
    }

    /** LAPACK lets NaN and infinity through; whatever of them is in H reaches the diagonal. */
    private static boolean isPositive(HostTensor d) {
        for (int i = 0; i < d.rows(); i++) {
            double pivot = d.get(i, i);
            if (!(pivot > 0) || !Double.isFinite(pivot)) {
                return false;
            }
        }
        return true;
    }

    private void clearLower(HostTensor h) {
        eachTile(h.rows(), rows -> {
            for (int r = rows.from; r < rows.to; r++) {
                h.memory().asSlice(h.byteAt(r, 0), (long) r * Double.BYTES).fill((byte) 0);
            }
        });
    }

    private void eachTile(int rows, java.util.function.Consumer<Range> body) {
        threads.run(Math.ceilDiv(rows, TILE / 2), i -> body.accept(Range.of(i, TILE / 2, rows)));
    }

    /** Rows or columns {@code [from, to)}. */
    private record Range(int from, int to) {
        static Range of(int index, int size, int end) {
            return new Range(index * size, Math.min(end, (index + 1) * size));
        }

        static Range tile(int index, int end) {
            return of(index, TILE, end);
        }

        HostTensor of(HostTensor matrix) {
            return matrix.rows(from, to);
        }
    }
}
