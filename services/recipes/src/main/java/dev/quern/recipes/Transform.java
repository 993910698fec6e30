package dev.quern.recipes;

import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Described;
import dev.quern.recipes.codec.Discriminator;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;

/**
 * What is done to a model before its weights are rounded. The transformed model computes the same function, up to
 * rounding, and has the config of its family, so loaders need to know nothing of it.
 */
@Discriminator("type")
public sealed interface Transform permits Transform.Fold, Transform.Rotate {
    /** For people. */
    String title();

    /**
     * Multiplies the weights of the norms in a block into the linears that read them, and leaves ones in their place.
     */
    record Fold() implements Transform {
        @Override
        public String title() {
            return "norms folded into the linears";
        }
    }

    /**
     * Rotates the residual stream by a randomised Hadamard matrix, and the values of each attention head by another, so
     * that no channel stands out (QuaRot, Ashkboos et al., arXiv 2404.00456). Norms are folded. A head that is tied to
     * the embedding becomes a matrix of its own.
     *
     * @param seed of the signs
     */
    record Rotate(
            @Described(value = "Which of the random rotations.", minimum = 0) @Default("0")
            int seed) implements Transform {
        public Rotate {
            if (seed < 0) {
                throw new QuernException(
                        ErrorCode.INVALID_RECIPE, "transform.seed: " + seed + " (expected: 0 or more)");
            }
        }

        @Override
        public String title() {
            return "norms folded, residual stream and heads rotated";
        }
    }
}
