package dev.quern.openblas;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.LinearAlgebra;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.LinearAlgebraChecks;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.java.JavaLinearAlgebra;
import dev.quern.openblas.blas.Blas;
import dev.quern.openblas.blas.BlasCholesky;
import dev.quern.openblas.vector.Rows;
import dev.quern.openblas.vector.VectorHadamard;
import dev.quern.openblas.vector.VectorMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Products cut into tiles of the result, one BLAS call each over the whole inner dimension. The tiles follow from the
 * shapes, so the bits do not depend on how many threads share them.
 */
final class BlasLinearAlgebra implements LinearAlgebra {
    /** Measured: larger tiles gain 4 % on one core and lose more where there are many. */
    private static final int TILE_ROWS = 512;

    private static final int TILE_COLS = 1024;
    private static final int SMALLEST_TILE = 256;
    private static final int ENOUGH_TILES = 16;
    /** An operand that must be converted is converted in panels of about this many elements. */
    private static final long PANEL_ELEMENTS = 1 << 24;

    private static final int SQUARE = 16;
    /** Rows that one thread turns in the same memory: new memory would pass through all caches. */
    private static final int TURNED_ROWS = 32;

    private final HostAllocator allocator;
    private final HostThreads threads;
    private final VectorMemory memory;
    private final JavaLinearAlgebra plain;

    BlasLinearAlgebra(HostAllocator allocator, HostThreads threads, VectorMemory memory) {
        this.allocator = allocator;
        this.threads = threads;
        this.memory = memory;
        this.plain = new JavaLinearAlgebra(threads);
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
        Product product =
                new Product(alpha, HostTensor.of(a), transposeA, HostTensor.of(b), transposeB, beta, HostTensor.of(c));
        int inner = Math.max(1, transposeA ? a.rows() : a.cols());
        int panel = Math.toIntExact(Math.max(TILE_COLS, PANEL_ELEMENTS / inner / TILE_COLS * TILE_COLS));
        // bf16 operands become float32, in which every product of two of them is exact.
        int height = a.dtype() == c.dtype() ? Math.max(1, c.rows()) : panel;
        int width = b.dtype() == c.dtype() ? Math.max(1, c.cols()) : panel;
        for (int row = 0; row < c.rows(); row += height) {
            for (int col = 0; col < c.cols(); col += width) {
                panel(product.slice(row, height, col, width));
            }
        }
    }

    private void panel(Product product) {
        DType dtype = product.c.dtype();
        if (product.a.dtype() == dtype && product.b.dtype() == dtype) {
            tiles(product);
            return;
        }
        try (Scope scope = allocator.scope()) {
            tiles(product.with(converted(scope, product.a, dtype), converted(scope, product.b, dtype)));
        }
    }

    private HostTensor converted(Scope scope, HostTensor matrix, DType dtype) {
        if (matrix.dtype() == dtype) {
            return matrix;
        }
        Tensor target = scope.reserve(dtype, matrix.rows(), matrix.cols());
        memory.copy(matrix, target);
        return HostTensor.of(target);
    }

    private void tiles(Product product) {
        int rows = product.c.rows();
        int cols = product.c.cols();
        int height = TILE_ROWS;
        int width = TILE_COLS;
        while (Math.ceilDiv(rows, height) * Math.ceilDiv(cols, width) < ENOUGH_TILES
                && Math.max(height, width) > SMALLEST_TILE) {
            if (width > height) {
                width /= 2;
            } else {
                height /= 2;
            }
        }
        int tileHeight = height;
        int tileWidth = width;
        int across = Math.ceilDiv(cols, width);
        threads.run(
                Math.ceilDiv(rows, height) * across,
                tile -> product.slice(tile / across * tileHeight, tileHeight, tile % across * tileWidth, tileWidth)
                        .run());
    }

    @Override
    public void addGram(Tensor x, Tensor h) {
        LinearAlgebraChecks.addGram(x, h);
        try (Scope scope = allocator.scope()) {
            HostTensor inputs = converted(scope, HostTensor.of(x), DType.F32);
            addTiles(inputs, inputs, HostTensor.of(h));
        }
    }

    @Override
    public void addSymmetric(Tensor a, Tensor b, Tensor h) {
        LinearAlgebraChecks.addSymmetric(a, b, h);
        try (Scope scope = allocator.scope()) {
            HostTensor left = converted(scope, HostTensor.of(a), DType.F32);
            addTiles(left, converted(scope, HostTensor.of(b), DType.F32), HostTensor.of(h));
        }
    }

    /** {@code h += aᵀ b}, by tiles of the lower triangle. */
    private void addTiles(HostTensor a, HostTensor b, HostTensor h) {
        int n = a.cols();
        int width = n >= 8192 ? 1024 : n >= 2048 ? 512 : 256;
        int across = Math.ceilDiv(n, width);
        threads.run(across * (across + 1) / 2, tile -> {
            // Tile (i, j), j <= i, counted row by row.
            int i = (int) ((Math.sqrt(8.0 * tile + 1) - 1) / 2);
            int row = i * width;
            int col = (tile - i * (i + 1) / 2) * width;
            HostTensor left = a.cols(row, Math.min(n, row + width));
            HostTensor right = b.cols(col, Math.min(n, col + width));
            try (Scope scope = allocator.scratch()) {
                HostTensor product = HostTensor.of(scope.reserve(DType.F32, left.cols(), right.cols()));
                multiply(left, right, product, a == b && row == col);
                addTile(product, h, row, col);
            }
        });
    }

    private static void multiply(HostTensor left, HostTensor right, HostTensor product, boolean gram) {
        if (gram) {
            Blas.gramLower(left, product);
        } else {
            Blas.gemm(1, left, true, right, false, 0, product);
        }
    }

    /** Adds a tile below or on the diagonal to both triangles. */
    private static void addTile(HostTensor product, HostTensor h, int row, int col) {
        double[] values = new double[product.cols()];
        double[] sums = new double[product.cols()];
        for (int r = 0; r < product.rows(); r++) {
            int width = row == col ? r + 1 : product.cols();
            HostTensor target = h.cols(col, col + width);
            Rows.read(product.cols(0, width), r, values);
            Rows.read(target, row + r, sums);
            for (int c = 0; c < width; c++) {
                sums[c] += values[c];
            }
            Rows.write(sums, target, row + r);
        }
        mirror(h, row, row + product.rows(), col, col + product.cols());
    }

    /** Copies the elements below the diagonal of a part of h to their places above it. */
    private static void mirror(HostTensor h, int fromRow, int toRow, int fromCol, int toCol) {
        // Squares of 16: the lines that are read and those that are written stay in the cache together.
        double[] square = new double[SQUARE * SQUARE];
        double[] line = new double[SQUARE];
        for (int row = fromRow; row < toRow; row += SQUARE) {
            HostTensor rows = h.rows(row, Math.min(toRow, row + SQUARE));
            for (int col = fromCol; col < Math.min(toCol, row + SQUARE); col += SQUARE) {
                int width = Math.min(toCol, col + SQUARE) - col;
                for (int r = 0; r < rows.rows(); r++) {
                    MemorySegment.copy(
                            h.memory(), JAVA_DOUBLE_UNALIGNED, rows.byteAt(r, col), square, r * SQUARE, width);
                }
                for (int c = 0; c < width; c++) {
                    int first = Math.clamp((long) col + c + 1 - row, 0, rows.rows());
                    column(square, c, first, rows.rows(), line);
                    MemorySegment.copy(
                            line,
                            first,
                            h.memory(),
                            JAVA_DOUBLE_UNALIGNED,
                            h.byteAt(col + c, row + first),
                            rows.rows() - first);
                }
            }
        }
    }

    private static void column(double[] square, int col, int from, int to, double[] line) {
        for (int r = from; r < to; r++) {
            line[r] = square[r * SQUARE + col];
        }
    }

    @Override
    public boolean factorUpper(Tensor h, Cancellation cancellation) {
        LinearAlgebraChecks.factorUpper(h);
        return new BlasCholesky(allocator, threads).factorUpper(HostTensor.of(h), cancellation);
    }

    @Override
    public void invertFactored(Tensor unit, Tensor pivots, Tensor target) {
        LinearAlgebraChecks.invertFactored(unit, pivots, target);
        int n = unit.rows();
        double[] scales = HostTensor.of(pivots).row(0);
        try (Scope scope = allocator.scope()) {
            // Y = diag(pivots)^-½ unit⁻¹, and the inverse is Yᵀ Y. The rows of a tile begin at its first column.
            HostTensor y = HostTensor.of(scope.allocate(unit.dtype(), n, n));
            threads.run(Math.ceilDiv(n, SMALLEST_TILE), tile -> {
                int from = tile * SMALLEST_TILE;
                HostTensor rows =
                        y.rows(from, Math.min(n, from + SMALLEST_TILE)).cols(from, n);
                for (int r = 0; r < rows.rows(); r++) {
                    rows.set(r, r, 1 / Math.sqrt(scales[from + r]));
                }
                Blas.solveRightUpper(HostTensor.of(unit).rows(from, n).cols(from, n), rows);
            });
            Precision precision = unit.dtype() == DType.F64 ? Precision.F64 : Precision.F32;
            gemm(precision, 1, y, true, y, false, 0, target);
        }
    }

    @Override
    public void hadamard(Tensor signs, Tensor factor, Tensor target) {
        LinearAlgebraChecks.hadamard(signs, factor, target);
        HostTensor matrix = HostTensor.of(target);
        double[][] rows = new double[factor.rows()][];
        Arrays.setAll(rows, HostTensor.of(factor)::row);
        if (matrix.dtype() == DType.F64) {
            plain.hadamard(signs, factor, target);
            return;
        }
        VectorHadamard hadamard = new VectorHadamard(HostTensor.of(signs).row(0), rows);
        threads.run(Math.ceilDiv(matrix.rows(), TURNED_ROWS), task -> {
            int begin = task * TURNED_ROWS;
            hadamard.turn(matrix, begin, Math.min(matrix.rows(), begin + TURNED_ROWS));
        });
    }

    /** {@code c = alpha op(a) op(b) + beta c}. */
    private record Product(
            double alpha,
            HostTensor a,
            boolean transposeA,
            HostTensor b,
            boolean transposeB,
            double beta,
            HostTensor c) {
        /** The part of the product that makes the given part of c. */
        Product slice(int row, int height, int col, int width) {
            int toRow = Math.min(c.rows(), row + height);
            int toCol = Math.min(c.cols(), col + width);
            return new Product(
                    alpha,
                    transposeA ? a.cols(row, toRow) : a.rows(row, toRow),
                    transposeA,
                    transposeB ? b.rows(col, toCol) : b.cols(col, toCol),
                    transposeB,
                    beta,
                    c.rows(row, toRow).cols(col, toCol));
        }

        Product with(HostTensor left, HostTensor right) {
            return new Product(alpha, left, transposeA, right, transposeB, beta, c);
        }

        void run() {
            Blas.gemm(alpha, a, transposeA, b, transposeB, beta, c);
        }
    }
}
