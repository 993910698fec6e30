package dev.quern.recipes;

import org.jspecify.annotations.Nullable;

/**
 * What a result must satisfy to be published; a result that fails is quarantined. Always on beside it: figures are finite, the
 * perplexity ratio is at most 100, verification passed.
 *
 * @param maxKl highest mean KL divergence to the original on any evaluation file, nats per token
 * @param maxPplRatio highest compressed over original perplexity on any evaluation file
 * @param minTop1 lowest share of tokens whose most probable next token is the original's, 0 to 1
 */
public record Gate(
        @Nullable Double maxKl,
        @Nullable Double maxPplRatio,
        @Nullable Double minTop1) {
    public static final Gate NONE = new Gate(null, null, null);

    public Gate {
        requirePositive("maxKl", maxKl);
        requirePositive("maxPplRatio", maxPplRatio);
    }

    /** NaN would let everything pass. */
    private static void requirePositive(String name, @Nullable Double value) {
        if (value != null && !(value > 0 && Double.isFinite(value))) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "gate." + name + ": " + value + " (expected: a positive number)");
        }
    }
}
