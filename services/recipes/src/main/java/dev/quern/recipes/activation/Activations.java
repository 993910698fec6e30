package dev.quern.recipes.activation;

import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Described;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an engine rounds beside the weights while it runs the compressed model. An evaluation rounds the same, so its
 * figures are those of such an engine; the files of the result hold weights alone.
 *
 * @param inputs of each linear that is compressed, one scale per token; null leaves them as they are
 * @param kvCache keys and values, one scale per token and head; null leaves them as they are
 * @param calibrated true rounds them during calibration as well
 */
public record Activations(
        @Described(
                "The inputs of each linear that is compressed, with one scale per token. Left out, they are not rounded.")
        @Nullable
        TokenGrid inputs,

        @Described("Keys and values, with one scale per token and head. Left out, they are not rounded.") @Nullable
        TokenGrid kvCache,

        @Described(
                "Whether calibration rounds them as well, so that weights make up for it. Needs sequential propagation.")
        @Default("false")
        boolean calibrated) {
    private static final int MIN_BITS = 2;
    private static final int MAX_BITS = 16;

    /**
     * A grid that is fitted anew to each token.
     *
     * @param bits 2 to 16
     * @param symmetric true has no zero point
     * @param clip the part of the range that the grid spans; what lies outside goes to its ends
     */
    public record TokenGrid(
            @Described(value = "Bits of a value.", minimum = MIN_BITS, maximum = MAX_BITS)
            int bits,

            @Described("Whether the grid is centred on zero; false gives each token a zero point of its own.")
            @Default("true")
            boolean symmetric,

            @Described(
                    value =
                            "The part of the range of a token that its grid spans, more than 0; the rest goes to its ends.",
                    minimum = 0,
                    maximum = 1)
            @Default("1")
            double clip) {
        public TokenGrid {
            check(
                    bits >= MIN_BITS && bits <= MAX_BITS,
                    "activations.bits: " + bits + " (expected: " + MIN_BITS + " to " + MAX_BITS + ")");
            check(clip > 0 && clip <= 1, "activations.clip: " + clip + " (expected: more than 0, at most 1)");
        }

        private String title() {
            return bits + " bits" + (symmetric ? "" : " asymmetric")
                    + (clip == 1
                            ? ""
                            : " clipped to " + BigDecimal.valueOf(clip).toPlainString() + " of the range");
        }
    }

    public Activations {
        check(inputs != null || kvCache != null, "activations: nothing (expected: inputs, kvCache or both)");
    }

    /** True when calibration rounds what an engine will; false for a recipe that says nothing of activations. */
    public static boolean areCalibrated(@Nullable Activations activations) {
        return activations != null && activations.calibrated;
    }

    /** As names of recipes have it: {@code a4kv4}, {@code a8}, {@code a16kv8}. */
    public String shortName() {
        return "a" + (inputs == null ? 16 : inputs.bits()) + (kvCache == null ? "" : "kv" + kvCache.bits());
    }

    /** For people. */
    public String title() {
        return String.join(", ", parts()) + (calibrated ? ", in calibration too" : "");
    }

    /** What a report says of figures that were measured with them. */
    public String note() {
        return "the figures are those of an engine that rounds " + String.join(" and ", parts())
                + " as it runs; the files hold the weights alone, and an engine that does not round gives other figures";
    }

    private List<String> parts() {
        List<String> parts = new ArrayList<>();
        if (inputs != null) {
            parts.add("inputs of linears to " + inputs.title() + " per token");
        }
        if (kvCache != null) {
            parts.add("keys and values to " + kvCache.title() + " per token and head");
        }
        return parts;
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new QuernException(ErrorCode.INVALID_RECIPE, message);
        }
    }
}
