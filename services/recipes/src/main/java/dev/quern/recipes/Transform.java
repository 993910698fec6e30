package dev.quern.recipes;

import dev.quern.recipes.codec.Discriminator;

/**
 * What is done to a model before its weights are rounded. The transformed model computes the same function, up to
 * rounding, and has the config of its family, so loaders need to know nothing of it.
 */
@Discriminator("type")
public sealed interface Transform permits Transform.Fold {
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
}
