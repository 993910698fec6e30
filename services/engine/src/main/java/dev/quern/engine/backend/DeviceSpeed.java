package dev.quern.engine.backend;

import java.lang.foreign.MemorySegment;
import java.util.function.IntToDoubleFunction;

/**
 * What a device reaches when it computes and when it takes weights in. Plans cut work by it and predict times; no bit
 * depends on it.
 *
 * @param flopsPerSecond of the products of a forward
 * @param bytesPerSecond of stored bf16 weights that are taken from the host's memory into the working type
 */
public record DeviceSpeed(double flopsPerSecond, double bytesPerSecond) {
    private static final int WIDTH = 1024;
    private static final int FIRST_ROWS = 8;
    private static final int MOST_ROWS = 8192;
    /** Long enough for the clock, and for code to be compiled in the rounds before. */
    private static final double ENOUGH_SECONDS = 0.05;

    /** Measures for half a second at most where the device is not busy. */
    public static DeviceSpeed of(ComputeBackend backend) {
        try (Scope scope = backend.memory().scope()) {
            Tensor weights = scope.allocate(backend.workingType(), WIDTH, WIDTH);
            return new DeviceSpeed(
                    perSecond(2.0 * WIDTH * WIDTH, rows -> product(backend, rows, weights)),
                    perSecond(WIDTH * DType.BF16.bytes(), rows -> copy(backend, rows)));
        }
    }

    /** Every round has twice the rows of the one before, until one takes long enough. */
    private static double perSecond(double perRow, IntToDoubleFunction seconds) {
        for (int rows = FIRST_ROWS; ; rows *= 2) {
            double taken = seconds.applyAsDouble(rows);
            if (taken >= ENOUGH_SECONDS || rows == MOST_ROWS) {
                return perRow * rows / taken;
            }
        }
    }

    private static double product(ComputeBackend backend, int rows, Tensor weights) {
        try (Scope scope = backend.memory().scope()) {
            Tensor inputs = scope.allocate(backend.workingType(), rows, WIDTH);
            Tensor outputs = scope.allocate(backend.workingType(), rows, WIDTH);
            long start = System.nanoTime();
            backend.linearAlgebra()
                    .gemm(backend.precision(Precision.Use.FORWARD), 1, inputs, false, weights, true, 0, outputs);
            return since(start, backend, outputs);
        }
    }

    private static double copy(ComputeBackend backend, int rows) {
        try (Scope scope = backend.memory().scope()) {
            MemorySegment stored = scope.arena().allocate((long) rows * WIDTH * DType.BF16.bytes());
            Tensor target = scope.allocate(backend.workingType(), rows, WIDTH);
            long start = System.nanoTime();
            backend.memory().copy(backend.memory().upload(scope, stored, DType.BF16, rows, WIDTH), target);
            return since(start, backend, target);
        }
    }

    /** A value that is read waits for the device. */
    private static double since(long start, ComputeBackend backend, Tensor made) {
        backend.elementwise().mean(made.rows(0, 1));
        return Math.max(1, System.nanoTime() - start) / 1e9;
    }
}
