package dev.quern.engine.backend;

import dev.quern.engine.Cancellation;
import java.util.function.IntConsumer;

/**
 * One device. Chosen by configuration, passed in, never replaced silently. {@code JavaBackend} is the specification of every
 * primitive; the others are tested against it. Every primitive gives the same bits for any number of threads.
 *
 * <p>Primitives may be called inside {@link #parallel}, with targets of their own: they then run on the calling thread, over the same
 * tiles and so with the same bits. Where a primitive works element by element, its target may be one of its operands; elsewhere it
 * may not overlap them. NaN and infinity follow IEEE 754. A wrong shape or dtype is an {@link IllegalArgumentException}.
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

    /**
     * Runs body for 0 .. n-1 on the backend's threads and the calling one; returns when all are done. What two indices write may not
     * overlap, and n may not depend on the number of threads. Inside another such call it runs inline. The first failure by index is
     * thrown when no body runs any more; a scope that a body opens is closed by it.
     */
    void parallel(int n, IntConsumer body);

    /**
     * Runs work whose parallel calls ask for cancellation before every index, so that even the longest primitive stops within a
     * fraction of a second. What a stopped primitive was to write holds anything.
     *
     * @throws Cancellation.CancelledException if cancellation was requested
     */
    void interruptibly(Cancellation cancellation, Runnable work);

    /** A hash over the results of fixed probes: equal profiles give equal bytes (DESIGN.md 2). */
    String numericProfile();

    @Override
    void close();
}
