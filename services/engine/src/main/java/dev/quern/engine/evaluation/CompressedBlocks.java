package dev.quern.engine.evaluation;

import dev.quern.engine.model.BlockWeights;

/** The compressed model as its difference from the original. */
@FunctionalInterface
public interface CompressedBlocks {
    /** Nothing is compressed. */
    CompressedBlocks NONE = (block, weights) -> {};

    /** Replaces the linears of a block that are compressed by what a loader decodes. */
    void replaceLinears(int block, BlockWeights weights);
}
