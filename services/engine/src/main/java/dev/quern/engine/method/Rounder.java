package dev.quern.engine.method;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.LinearFigures.TwoSided;
import org.jspecify.annotations.Nullable;

/**
 * A method of putting weights on a grid: one package each. What linears of a work unit share is prepared once; each is
 * then rounded on its own, so its bits do not depend on its neighbours.
 */
public interface Rounder {
    /**
     * Upper bound of the tensor bytes that preparing a unit and rounding one of its linears allocates beside weights
     * and statistics.
     *
     * @param typeBytes of the working type
     */
    long workingBytes(int rows, int cols, int typeBytes);

    /** Operations that a unit of so many inputs takes once. */
    double unitOperations(int cols);

    /** Operations that each linear takes, with its figures. */
    double operations(int rows, int cols);

    /**
     * Prepares what the linears of a unit share.
     *
     * @param scope of what is kept while the unit is in work
     * @param evidence of the unit
     */
    Unit prepare(ComputeBackend backend, Scope scope, Evidence evidence, Cancellation cancellation);

    /**
     * What is known of a unit beside its weights.
     *
     * @param inputs null where none were recorded, which only a method that needs none takes
     * @param sketches of its linears; null where no gradients were computed, likewise
     */
    record Evidence(
            @Nullable InputStatistics inputs, @Nullable Sketches sketches) {
        /**
         * The statistics of the inputs.
         *
         * @param method that needs them
         * @throws IllegalArgumentException where there are none
         */
        public InputStatistics requireInputs(String method) {
            if (inputs == null) {
                throw new IllegalArgumentException("inputs: null (expected: statistics, which " + method + " needs)");
            }
            return inputs;
        }
    }

    /** Rounds the linears of one unit. */
    interface Unit {
        /**
         * Rounds one linear.
         *
         * @param linear its name, for messages and for what is known of it alone
         * @param w [m, n], read only
         * @param start w rounded to nearest on the grid that was fitted to it
         * @param scratch like w
         */
        Rounded round(
                Scope scope, LinearId linear, Tensor w, GridCodes start, Tensor scratch, Cancellation cancellation);
    }

    /**
     * A rounded linear.
     *
     * @param codes the start itself where it was left as it was
     * @param loss the method's own account of its error; null where it keeps none
     * @param damping added to the diagonal of H, as a fraction of its mean; 0 where H decided nothing
     * @param retries how often the damping was raised
     * @param fallback why plain rounding was used instead; null where it was not
     * @param twoSided how the result was chosen; null where there was one only
     */
    record Rounded(
            GridCodes codes,
            @Nullable Double loss,
            double damping,
            int retries,
            @Nullable String fallback,
            @Nullable TwoSided twoSided) {
        /** A result without a choice. */
        public Rounded(GridCodes codes, @Nullable Double loss, double damping, int retries, @Nullable String fallback) {
            this(codes, loss, damping, retries, fallback, null);
        }

        /** Plain rounding. */
        public static Rounded nearest(GridCodes start, @Nullable String fallback) {
            return new Rounded(start, null, 0, 0, fallback);
        }
    }
}
