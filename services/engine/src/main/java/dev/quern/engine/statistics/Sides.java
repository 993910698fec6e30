package dev.quern.engine.statistics;

/** Which factors of a Kronecker sketch are summed. */
public enum Sides {
    /** Those of outputs and of inputs. */
    BOTH,
    /** That of outputs alone: the factor of the inputs is their own Gram matrix, which the forward pass gives. */
    OUTER
}
