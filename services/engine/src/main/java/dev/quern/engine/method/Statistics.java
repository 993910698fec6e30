package dev.quern.engine.method;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;
import dev.quern.recipes.Recipe;

/** What calibration recorded for the linears of a work unit: one record for each of {@link Recipe.Needs}. */
public sealed interface Statistics {
    /**
     * The inputs of the unit.
     *
     * @param gram H = Σ x xᵀ over the tokens, F64 [n, n], both triangles, not damped; it is read only
     * @param tokens how many inputs were summed
     */
    record Inputs(Tensor gram, long tokens) implements Statistics {
        public Inputs {
            if (gram.dtype() != DType.F64 || gram.rows() != gram.cols()) {
                throw new IllegalArgumentException(
                        "gram: %s [%d, %d] (expected: F64, square)".formatted(gram.dtype(), gram.rows(), gram.cols()));
            }
        }
    }
}
