package dev.quern.engine.backend;

import java.util.function.IntConsumer;

/**
 * One device. Chosen by configuration, passed in, never replaced silently. {@code JavaBackend} is the specification of every
 * primitive; the others are tested against it. Every primitive gives the same bits for any number of threads.
 */
public interface ComputeBackend extends AutoCloseable {
    /** For logs and reports, for example {@code openblas 0.3.31 (SkylakeX), 2 threads}. */
    String description();

    /** The dtype of arithmetic: F32, or F64 for the oracle. */
    DType workingType();

    Memory memory();

    LinearAlgebra linearAlgebra();

    Elementwise elementwise();

    Transformer transformer();

    Rounding rounding();

    /** Runs body for 0 .. n-1 on the backend's threads; returns when all are done. The split of the work may not depend on threads. */
    void parallel(int n, IntConsumer body);

    /** A hash over the results of fixed probes: equal profiles give equal bytes (DESIGN.md 2). */
    String numericProfile();

    @Override
    void close();
}
