package dev.quern.recipes.report;

import dev.quern.recipes.Gate;
import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.view.JobView;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * In a word, how near a result is to its original: on the text where it is furthest. docs/quality.md says where the
 * bounds come from.
 */
public enum Closeness {
    CLOSE("close to the original"),
    NOTICEABLE("noticeably different"),
    BROKEN("broken");

    /** Up to both of these a reader does not see the difference. */
    private static final double CLOSE_KL = 0.05;

    private static final double CLOSE_RATIO = 1.05;

    private final String phrase;

    Closeness(String phrase) {
        this.phrase = phrase;
    }

    /** In a sentence: the result is … */
    public String phrase() {
        return phrase;
    }

    /** As class names and documents write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Null where nothing was evaluated. */
    public static @Nullable Closeness of(List<Evaluation> evaluations) {
        return evaluations.stream()
                .map(e -> of(e.klMean(), e.pplRatio()))
                .max(Enum::compareTo)
                .orElse(null);
    }

    /** Null where nothing was evaluated. */
    public static @Nullable Closeness of(JobView.@Nullable Quality quality) {
        Double kl = quality == null ? null : quality.measuredKl();
        Double ratio = quality == null ? null : quality.measuredRatio();
        return kl == null || ratio == null ? null : of(kl, ratio);
    }

    /**
     * @param kl mean divergence to the original, nats per token
     * @param pplRatio compressed over original perplexity
     */
    public static Closeness of(double kl, double pplRatio) {
        if (!Double.isFinite(kl) || !Double.isFinite(pplRatio) || pplRatio > Gate.DEFAULT_MAX_PPL_RATIO) {
            return BROKEN;
        }
        return kl <= CLOSE_KL && pplRatio <= CLOSE_RATIO ? CLOSE : NOTICEABLE;
    }
}
