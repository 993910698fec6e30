package dev.quern.recipes;

import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Described;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.math.BigDecimal;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which weights become zero before the others are rounded; those that are kept are fitted to what the linear did with
 * all of them (OBR, arXiv 2509.11177).
 *
 * @param sparsity the share of each row; null where there is a pattern
 * @param pattern as in 2:4, two of every four neighbours are kept; null where there is a sparsity
 * @param damping added to the diagonal of H, as a fraction of its mean, while the kept weights are fitted
 */
public record Pruning(
        @Described(
                "What a weight is worth: its magnitude, times the size of its inputs (wanda), or by what the columns after"
                        + " it cannot repay (sparsegpt). admm looks for mask and weights together, which takes longer.")
        @Default("\"wanda\"")
        Score score,

        @Described(value = "The share of each row that becomes zero.", minimum = 0, maximum = 1, exclusive = true)
        @Nullable
        Double sparsity,

        @Described("As in 2:4, how many of every run of columns are kept.") @Nullable
        String pattern,

        @Described(
                value =
                        "Added to the diagonal of the Hessian, as a fraction of its mean, while kept weights are fitted.",
                minimum = 0,
                maximum = 1,
                exclusive = true)
        @Default("0.01")
        double damping) {
    private static final Pattern RUNS = Pattern.compile("([1-9]\\d{0,3}):([1-9]\\d{0,3})");

    private static final double USUAL_DAMPING = 0.01;

    /** By what weights are chosen. */
    public enum Score {
        MAGNITUDE,
        WANDA,
        SPARSEGPT,
        ADMM
    }

    public Pruning {
        check(
                (sparsity == null) != (pattern == null),
                "mask: sparsity " + sparsity + ", pattern " + pattern + " (expected: one of them)");
        check(
                sparsity == null || (sparsity > 0 && sparsity < 1),
                "mask.sparsity: " + sparsity + " (expected: more than 0, less than 1)");
        check(
                pattern == null || isPattern(pattern),
                "mask.pattern: " + pattern + " (expected: as in 2:4, fewer kept than there are)");
        check(damping > 0 && damping < 1, "mask.damping: " + damping + " (expected: more than 0, less than 1)");
    }

    /**
     * Refuses a method that would not keep the zeros of a mask, or has nothing to do without one.
     *
     * @throws QuernException INVALID_RECIPE
     */
    static void require(@Nullable Pruning mask, Recipe.Rounding rounding) {
        switch (rounding) {
            case Recipe.Nearest nearest -> {}
            case Recipe.Gptq gptq -> {}
            case Yaqa yaqa ->
                check(mask == null, "mask: with yaqa, which does not keep zeros (expected: gptq, nearest or obr)");
            case Obr obr -> check(mask != null, "rounding: obr without a mask (expected: a mask, or gptq)");
        }
    }

    /** How many of {@code cols} neighbours are kept of each run of {@link #run}. */
    public int kept(int cols) {
        return sparsity == null ? part(1) : cols - (int) Math.rint(cols * sparsity);
    }

    /** Columns of a run; whole rows where there is no pattern. */
    public int run(int cols) {
        return sparsity == null ? part(2) : cols;
    }

    /** Weights that are kept of a whole row. */
    public long keptOfRow(int cols) {
        return (long) kept(cols) * (cols / run(cols));
    }

    /** As names of recipes have it: {@code s50} for half of each row, {@code -2of4} for a pattern. */
    public String shortName() {
        if (pattern != null) {
            return "-" + pattern.replace(":", "of");
        }
        BigDecimal share = BigDecimal.valueOf(Objects.requireNonNull(sparsity));
        return "s" + share.movePointRight(2).stripTrailingZeros().toPlainString();
    }

    /** The same share or pattern, chosen as built-in recipes do; null for none. */
    static @Nullable Pruning usual(@Nullable Pruning mask) {
        return mask == null ? null : new Pruning(Score.WANDA, mask.sparsity, mask.pattern, USUAL_DAMPING);
    }

    /** For people. */
    public String title() {
        return (pattern == null ? sparsity + " of each row" : "all but " + pattern) + " pruned by "
                + switch (score) {
                    case MAGNITUDE -> "magnitude";
                    case WANDA -> "Wanda's score";
                    case SPARSEGPT -> "SparseGPT's score";
                    case ADMM -> "ADMM";
                };
    }

    private int part(int group) {
        Matcher runs = RUNS.matcher(String.valueOf(pattern));
        if (!runs.matches()) {
            throw new IllegalStateException("pattern: " + pattern + " (expected: refused before)");
        }
        return Integer.parseInt(runs.group(group));
    }

    private static boolean isPattern(String pattern) {
        Matcher runs = RUNS.matcher(pattern);
        return runs.matches() && Integer.parseInt(runs.group(1)) < Integer.parseInt(runs.group(2));
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new QuernException(ErrorCode.INVALID_RECIPE, message);
        }
    }
}
