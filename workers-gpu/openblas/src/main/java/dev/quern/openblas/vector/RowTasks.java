package dev.quern.openblas.vector;

import dev.quern.engine.backend.host.HostThreads;

/** Splits the rows of a matrix into tasks by its shape alone. */
public final class RowTasks {
    /** Work for some tens of microseconds: large beside handing it to a thread, small beside a matrix. */
    private static final int ELEMENTS = 1 << 16;

    private RowTasks() {}

    /** Rows {@code [from, to)} of a task. */
    @FunctionalInterface
    public interface Body {
        void run(int from, int to);
    }

    public static void run(HostThreads threads, int rows, int cols, Body body) {
        int height = Math.max(1, ELEMENTS / Math.max(1, cols));
        threads.run(Math.ceilDiv(rows, height), task -> {
            int from = task * height;
            body.run(from, Math.min(rows, from + height));
        });
    }
}
