package dev.quern.recipes;

import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Described;
import dev.quern.recipes.codec.Discriminator;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import org.jspecify.annotations.Nullable;

/**
 * What is done to a model before its weights are rounded. The transformed model computes the same function, up to
 * rounding, and has the config of its family, so loaders need to know nothing of it unless it turns activations online.
 */
@Discriminator("type")
public sealed interface Transform permits Transform.Fold, Transform.Rotate {
    /** For people. */
    String title();

    /** True when an engine has to turn activations, so that a loader that does not know it talks nonsense. */
    default boolean turnsOnline() {
        return false;
    }

    /** The same of a recipe's transform, where it has one. */
    static boolean isOnline(@Nullable Transform transform) {
        return transform != null && transform.turnsOnline();
    }

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
     * @param online true turns, while the model runs, the inputs of the linears that write to the residual stream, and
     *     queries and keys; null leaves them
     */
    record Rotate(
            @Described(value = "Which of the random rotations.", minimum = 0) @Default("0")
            int seed,

            @Described(
                    "true turns the inputs of o_proj and down_proj too, and queries and keys, while the model runs. No loader"
                            + " does that, so the result cannot be in compressed-tensors.")
            @Nullable
            Boolean online)
            implements Transform {
        public Rotate {
            online = Boolean.TRUE.equals(online) ? true : null;
            if (seed < 0) {
                throw new QuernException(
                        ErrorCode.INVALID_RECIPE, "transform.seed: " + seed + " (expected: 0 or more)");
            }
        }

        /** One that leaves the running model as it is. */
        public Rotate(int seed) {
            this(seed, null);
        }

        @Override
        public boolean turnsOnline() {
            return online != null;
        }

        @Override
        public String title() {
            return "norms folded, residual stream and heads rotated"
                    + (online == null ? "" : ", inputs of o_proj and down_proj, queries and keys turned by the engine");
        }
    }
}
