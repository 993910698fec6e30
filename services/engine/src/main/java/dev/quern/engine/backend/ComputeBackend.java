package dev.quern.engine.backend;

import dev.quern.engine.Cancellation;

/**
 * One device. Chosen by configuration, passed in, never replaced silently. {@code JavaBackend} is the specification of
 * every primitive; the others are tested against it. Every primitive gives the same bits for any number of threads.
 *
 * <p>Where a primitive works element by element, its target may be one of its operands; elsewhere it may not overlap
 * them. NaN and infinity follow IEEE 754. A wrong shape or dtype is an {@link IllegalArgumentException}, whose message
 * every backend takes from {@code backend.check}.
 */
public interface ComputeBackend extends AutoCloseable {
    /** For logs and reports, for example {@code openblas 0.3.31 (SkylakeX), 2 threads}. */
    String description();

    /** The dtype of arithmetic: F32, or F64 for the oracle. */
    DType workingType();

    /** The precision of products for a use; their results are of the working type. */
    Precision precision(Precision.Use use);

    /**
     * The dtype that the matrix of a linear is held in for the forward pass: the one that it is stored in where
     * products take that as fast, which halves the memory of bf16, else the working type.
     */
    DType matrixType(DType stored);

    Memory memory();

    LinearAlgebra linearAlgebra();

    Elementwise elementwise();

    Transformer transformer();

    Gradients gradients();

    Rounding rounding();

    /**
     * Runs work whose primitives ask for cancellation between their parts, so that even the longest one stops within a
     * fraction of a second. The target of a stopped primitive holds anything.
     *
     * @throws Cancellation.CancelledException if cancellation was requested
     */
    void interruptibly(Cancellation cancellation, Runnable work);

    /** A hash over the results of fixed probes: equal profiles give equal bytes (docs/algorithms.md, order of bits). */
    String numericProfile();

    @Override
    void close();
}
