package dev.quern.engine.plan;

import dev.quern.engine.model.Architecture;
import dev.quern.engine.text.Datasets;
import dev.quern.recipes.Formats;
import dev.quern.recipes.JobRequest.Calibration;
import dev.quern.recipes.JobRequest.Evaluation;
import dev.quern.recipes.Recipe;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done with a checkpoint.
 *
 * @param recipes one for each output, all from one walk; the first one decides how the walk goes. None where a finished
 *     result is evaluated
 * @param formats likewise, by the names of {@link Formats}; none is compressed-tensors for all
 * @param windows of the calibration text
 * @param seqLen tokens of a window
 * @param evaluationTokens of all evaluation texts together; only estimates of time and scratch need them
 */
public record Workload(List<Recipe> recipes, List<String> formats, int windows, int seqLen, long evaluationTokens) {
    /** About what the built-in text has. */
    private static final long EVALUATION_TOKENS = 32_768;

    public Workload {
        recipes = List.copyOf(recipes);
        formats = formats.isEmpty()
                ? Collections.nCopies(recipes.size(), Formats.COMPRESSED_TENSORS)
                : List.copyOf(formats);
    }

    /** With one output in compressed-tensors. */
    public Workload(Recipe recipe, int windows, int seqLen, long evaluationTokens) {
        this(List.of(recipe), List.of(), windows, seqLen, evaluationTokens);
    }

    /**
     * The evaluation of a finished result.
     *
     * @param seqLen tokens of the longest window
     */
    public static Workload evaluation(int seqLen, long evaluationTokens) {
        int windows = Math.clamp(evaluationTokens / seqLen, 1, Integer.MAX_VALUE);
        return new Workload(List.of(), List.of(), windows, seqLen, evaluationTokens);
    }

    /** True where nothing is compressed. */
    boolean onlyEvaluates() {
        return recipes.isEmpty();
    }

    /**
     * Before any text is read: as many windows as asked for, as long as asked for.
     *
     * @param recipes none where a finished result is evaluated
     * @param formats of the outputs; none is compressed-tensors for all
     * @param calibration null is the defaults of {@link Datasets}
     * @param evaluations none is the built-in text; an own one counts with all the windows that may be read of it
     */
    public static Workload beforehand(
            List<Recipe> recipes,
            List<String> formats,
            Architecture architecture,
            @Nullable Calibration calibration,
            List<Evaluation> evaluations) {
        Integer windows = calibration == null ? null : calibration.samples();
        long evaluated = evaluations.isEmpty()
                ? EVALUATION_TOKENS
                : evaluations.stream()
                        .mapToLong(text -> tokens(text, architecture))
                        .sum();
        if (recipes.isEmpty()) {
            int longest = evaluations.stream()
                    .mapToInt(text -> seqLen(text.seqLen(), architecture))
                    .max()
                    .orElse(seqLen(null, architecture));
            return evaluation(longest, evaluated);
        }
        return new Workload(
                recipes,
                formats,
                Datasets.windows(windows, recipes),
                seqLen(calibration == null ? null : calibration.seqLen(), architecture),
                evaluated);
    }

    private static long tokens(Evaluation text, Architecture architecture) {
        Integer windows = text.windows();
        if (windows == null && text.text() == null) {
            return EVALUATION_TOKENS;
        }
        long asked =
                (long) (windows == null ? Datasets.EVALUATION_WINDOWS : windows) * seqLen(text.seqLen(), architecture);
        return text.text() == null ? Math.min(asked, EVALUATION_TOKENS) : asked;
    }

    private static int seqLen(@Nullable Integer asked, Architecture architecture) {
        return asked == null ? Math.min(Datasets.SEQ_LEN, architecture.maxPositions()) : asked;
    }

    public Recipe recipe() {
        return recipes.getFirst();
    }
}
