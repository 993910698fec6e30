package dev.quern.openblas.blas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.engine.backend.host.HostTensor;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The functions of OpenBLAS that we call, over row-major matrices. Each runs on the calling thread alone and its bits
 * depend on the values and shapes only. Empty matrices are left alone.
 */
public final class Blas {
    public static final OpenBlasLibrary LIBRARY = OpenBlasLibrary.load();

    private static final int ROW_MAJOR = 101;
    private static final int COLUMN_MAJOR = 102;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;
    private static final int UPPER = 121;
    private static final int LOWER = 122;
    private static final int NON_UNIT = 131;
    private static final int RIGHT = 142;

    private static final MethodHandle SGEMM = gemm("cblas_sgemm", JAVA_FLOAT);
    private static final MethodHandle DGEMM = gemm("cblas_dgemm", JAVA_DOUBLE);
    private static final MethodHandle SSYRK = syrk("cblas_ssyrk", JAVA_FLOAT);
    private static final MethodHandle DSYRK = syrk("cblas_dsyrk", JAVA_DOUBLE);
    private static final MethodHandle STRSM = trsm("cblas_strsm", JAVA_FLOAT);
    private static final MethodHandle DTRSM = trsm("cblas_dtrsm", JAVA_DOUBLE);
    private static final MethodHandle DPOTRF = LIBRARY.function(
            "LAPACKE_dpotrf_work", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_INT, ADDRESS, JAVA_INT));

    private Blas() {}

    private static MethodHandle gemm(String name, MemoryLayout scalar) {
        return LIBRARY.function(
                name,
                FunctionDescriptor.ofVoid(
                        JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, scalar, ADDRESS, JAVA_INT, ADDRESS,
                        JAVA_INT, scalar, ADDRESS, JAVA_INT));
    }

    private static MethodHandle syrk(String name, MemoryLayout scalar) {
        return LIBRARY.function(
                name,
                FunctionDescriptor.ofVoid(
                        JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, scalar, ADDRESS, JAVA_INT, scalar, ADDRESS,
                        JAVA_INT));
    }

    private static MethodHandle trsm(String name, MemoryLayout scalar) {
        return LIBRARY.function(
                name,
                FunctionDescriptor.ofVoid(
                        JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, scalar, ADDRESS, JAVA_INT,
                        ADDRESS, JAVA_INT));
    }

    /** {@code c = alpha op(a) op(b) + beta c} in the dtype of c, which a and b share. With beta 0, c is not read. */
    public static void gemm(
            double alpha,
            HostTensor a,
            boolean transposeA,
            HostTensor b,
            boolean transposeB,
            double beta,
            HostTensor c) {
        int inner = transposeA ? a.rows() : a.cols();
        int opA = transposeA ? TRANSPOSE : NO_TRANSPOSE;
        int opB = transposeB ? TRANSPOSE : NO_TRANSPOSE;
        if (c.rows() == 0 || c.cols() == 0) {
            return;
        }
        try {
            switch (c.dtype()) {
                case F32 ->
                    SGEMM.invokeExact(
                            ROW_MAJOR,
                            opA,
                            opB,
                            c.rows(),
                            c.cols(),
                            inner,
                            (float) alpha,
                            at(a),
                            ld(a),
                            at(b),
                            ld(b),
                            (float) beta,
                            at(c),
                            ld(c));
                case F64 ->
                    DGEMM.invokeExact(
                            ROW_MAJOR, opA, opB, c.rows(), c.cols(), inner, alpha, at(a), ld(a), at(b), ld(b), beta,
                            at(c), ld(c));
                default -> throw new IllegalArgumentException("c: " + c.dtype() + " (expected: F32 or F64)");
            }
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    /** The lower triangle of {@code c = xᵀ x} for F32 x; the rest of c is left alone. */
    public static void gramLower(HostTensor x, HostTensor c) {
        if (c.rows() == 0) {
            return;
        }
        try {
            SSYRK.invokeExact(ROW_MAJOR, LOWER, TRANSPOSE, c.rows(), x.rows(), 1f, at(x), ld(x), 0f, at(c), ld(c));
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    /** The upper triangle of {@code c -= a aᵀ} for F64. */
    static void subtractOuterUpper(HostTensor a, HostTensor c) {
        try {
            DSYRK.invokeExact(
                    ROW_MAJOR, UPPER, NO_TRANSPOSE, c.rows(), a.cols(), -1.0, at(a), ld(a), 1.0, at(c), ld(c));
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    /** Solves {@code x vᵀ = b} in place of b, for F64 and v upper triangular. */
    static void solveRightUpperTransposed(HostTensor v, HostTensor b) {
        try {
            DTRSM.invokeExact(
                    ROW_MAJOR, RIGHT, UPPER, TRANSPOSE, NON_UNIT, b.rows(), b.cols(), 1.0, at(v), ld(v), at(b), ld(b));
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    /** Solves {@code x v = b} in place of b, for F32 or F64 and v upper triangular. */
    public static void solveRightUpper(HostTensor v, HostTensor b) {
        try {
            switch (b.dtype()) {
                case F32 ->
                    STRSM.invokeExact(
                            ROW_MAJOR,
                            RIGHT,
                            UPPER,
                            NO_TRANSPOSE,
                            NON_UNIT,
                            b.rows(),
                            b.cols(),
                            1f,
                            at(v),
                            ld(v),
                            at(b),
                            ld(b));
                case F64 ->
                    DTRSM.invokeExact(
                            ROW_MAJOR,
                            RIGHT,
                            UPPER,
                            NO_TRANSPOSE,
                            NON_UNIT,
                            b.rows(),
                            b.cols(),
                            1.0,
                            at(v),
                            ld(v),
                            at(b),
                            ld(b));
                default -> throw new IllegalArgumentException("b: " + b.dtype() + " (expected: F32 or F64)");
            }
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    /**
     * Factors {@code a = r rᵀ}, r in the lower triangle of a, reading only that. @return false when a is not positive
     * definite
     */
    public static boolean choleskyLower(HostTensor a) {
        try {
            // Row-major lower is column-major upper of the same bytes; LAPACKE would transpose by copying.
            return (int) DPOTRF.invokeExact(COLUMN_MAJOR, (byte) 'U', a.rows(), at(a), ld(a)) == 0;
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    private static MemorySegment at(HostTensor matrix) {
        // The first element of an empty view may lie past the end.
        boolean empty = matrix.rows() == 0 || matrix.cols() == 0;
        return empty ? matrix.memory() : matrix.memory().asSlice(matrix.byteAt(0, 0));
    }

    private static int ld(HostTensor matrix) {
        return (int) Math.max(1, matrix.stride());
    }

    private static IllegalStateException failure(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("openblas", cause);
    }
}
