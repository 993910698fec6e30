package dev.quern.engine.evaluation;

import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.WeightSource;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The compressed model as its difference from the original. */
@FunctionalInterface
public interface CompressedBlocks {
    /** Nothing is compressed. */
    CompressedBlocks NONE = (block, weights) -> {};

    /** Replaces the linears of a block that are compressed by what a loader decodes. */
    void replaceLinears(int block, BlockWeights weights);

    /**
     * Where all other weights come from: embedding, norms, biases, head.
     *
     * @return the original itself where they are the same, which saves a second reading
     */
    default StoredModel others(StoredModel original) {
        return original;
    }

    /**
     * What the linears that are replaced were before they were compressed, in the axes of this model.
     *
     * @return null where that is not known, as of a model that another tool may have rotated
     */
    default @Nullable WeightSource uncompressed(StoredModel original) {
        return others(original).weights();
    }

    /**
     * What turns a hidden state of the original, in place, into the axes of this model's.
     *
     * @return nothing to do where it has the original's axes, or its own are not known
     */
    default Consumer<double[]> axes(Architecture original) {
        return state -> {};
    }
}
