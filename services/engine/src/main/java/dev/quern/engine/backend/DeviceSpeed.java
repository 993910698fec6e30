package dev.quern.engine.backend;

/**
 * Measures what a device reaches in the products of a forward, for plans: they cut work by it and predict times, and no
 * bit depends on it.
 */
public final class DeviceSpeed {
    private static final int WIDTH = 1024;
    private static final int FIRST_ROWS = 8;
    private static final int MOST_ROWS = 8192;
    /** Long enough for the clock, and for code to be compiled in the rounds before. */
    private static final double ENOUGH_SECONDS = 0.05;

    private DeviceSpeed() {}

    /**
     * Takes a quarter of a second at most where the device is not busy: every round has twice the rows of the one
     * before.
     */
    public static double flopsPerSecond(ComputeBackend backend) {
        try (Scope scope = backend.memory().scope()) {
            Tensor weights = scope.allocate(backend.workingType(), WIDTH, WIDTH);
            for (int rows = FIRST_ROWS; ; rows *= 2) {
                double seconds = seconds(backend, rows, weights);
                if (seconds >= ENOUGH_SECONDS || rows == MOST_ROWS) {
                    return 2.0 * rows * WIDTH * WIDTH / seconds;
                }
            }
        }
    }

    private static double seconds(ComputeBackend backend, int rows, Tensor weights) {
        try (Scope scope = backend.memory().scope()) {
            Tensor inputs = scope.allocate(backend.workingType(), rows, WIDTH);
            Tensor outputs = scope.allocate(backend.workingType(), rows, WIDTH);
            long start = System.nanoTime();
            backend.linearAlgebra()
                    .gemm(backend.precision(Precision.Use.FORWARD), 1, inputs, false, weights, true, 0, outputs);
            // A value that is read waits for the device.
            backend.elementwise().mean(outputs.rows(0, 1));
            return Math.max(1, System.nanoTime() - start) / 1e9;
        }
    }
}
