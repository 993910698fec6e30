package dev.quern.recipes;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import org.jspecify.annotations.Nullable;

/**
 * What a result must satisfy to be published; a result that fails is quarantined. Always on beside it: figures are
 * finite and verification passed.
 *
 * @param maxKl highest mean KL divergence to the original on any evaluation file, nats per token
 * @param maxPplRatio highest compressed over original perplexity on any evaluation file; null is
 *     {@link #DEFAULT_MAX_PPL_RATIO}
 * @param minTop1 lowest share of tokens whose most probable next token is the original's, 0 to 1
 */
public record Gate(
        @Nullable Double maxKl,
        @Nullable Double maxPplRatio,
        @Nullable Double minTop1) {
    /** Above this a model no longer writes sensible text (docs/quality.md). */
    public static final double DEFAULT_MAX_PPL_RATIO = 2;

    /** Nothing asked for. */
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

    /** The highest perplexity ratio that passes. */
    public double pplRatioLimit() {
        return maxPplRatio == null ? DEFAULT_MAX_PPL_RATIO : maxPplRatio;
    }
}
