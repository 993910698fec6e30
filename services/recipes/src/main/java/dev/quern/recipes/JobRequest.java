package dev.quern.recipes;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The body of POST /api/v1/jobs. Local paths are those that the installation allows.
 *
 * @param apiVersion {@code quern/v1}
 * @param source a checkpoint folder
 * @param recipe by name or inline, exactly one
 * @param calibration null takes the built-in public-domain English text and the default sizes
 * @param evaluation at most 8; empty takes the built-in text
 * @param outputs exactly one today
 * @param detach the job keeps an embedded stack alive after the command that submitted it has gone
 */
public record JobRequest(
        String apiVersion,
        Source source,
        RecipeChoice recipe,
        @Nullable Calibration calibration,
        List<Evaluation> evaluation,
        List<Output> outputs,
        @Nullable Gate gate,
        Map<String, String> labels,
        @Nullable String name,
        boolean detach) {
    public static final String API_VERSION = "quern/v1";

    public record Source(String path) {}

    public record RecipeChoice(
            @Nullable String ref, @Nullable Recipe inline) {}

    /**
     * @param path a .jsonl or .txt file; null is the built-in text
     * @param samples windows; null is 128
     * @param seqLen tokens of a window; null is min(2048, max_position_embeddings)
     */
    public record Calibration(
            @Nullable String path,
            @Nullable Integer samples,
            @Nullable Integer seqLen) {}

    /**
     * @param path a .jsonl or .txt file; null is the built-in text
     * @param windows null is all, at most 256
     */
    public record Evaluation(
            @Nullable String path,
            @Nullable Integer windows,
            @Nullable Integer seqLen) {}

    /**
     * @param format {@code compressed-tensors}
     * @param prefix the output's name under the tenant's outputs in the store, claimed when the job is accepted; null is the job's id
     */
    public record Output(String format, @Nullable String prefix) {}
}
