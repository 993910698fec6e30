package dev.quern.recipes.report;

import dev.quern.recipes.Gate;
import dev.quern.recipes.Recipe;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code quern-report.json}: what was made, from what, how, and what it cost in quality. Schema in docs/report.schema.json. */
public record Report(
        String schema,
        String job,
        @Nullable String name,
        Model model,
        Recipe recipe,
        Calibration calibration,
        Plan plan,
        List<Linear> linears,
        List<Evaluation> evaluations,
        Sizes sizes,
        Map<String, Double> secondsPerStage,
        Map<String, String> versions,
        Verdict verdict,
        List<String> notes,
        List<Maker> makers) {
    public static final String SCHEMA = "quern-report/v1";

    /**
     * @param digest of the source: SHA-256 over its sorted (path, size, SHA-256)
     * @param outputDigest the same over the output files that a loader reads
     */
    public record Model(String source, String digest, String outputDigest, String type, int blocks, long parameters) {}

    /**
     * @param source a path, or {@code built-in}; recommendation is null where the user gave a text of their own
     */
    public record Calibration(
            String source,
            int windows,
            int seqLen,
            long tokens,
            String digest,
            @Nullable String recommendation) {}

    /**
     * @param tile tokens of a tile; profile is the numeric profile of the workers
     */
    public record Plan(
            int tile,
            int segments,
            String profile,
            String backend,
            long peakBytes,
            long scratchBytes,
            long outputBytes) {}

    /**
     * One linear. {@code relativeError} is ‖(W-Q)X‖² / ‖WX‖² on the calibration inputs, {@code relativeErrorNearest} the same for
     * plain rounding on the same grid options.
     *
     * @param name {@code model.layers.3.mlp.down_proj}
     * @param groupSize 0 is one scale per row
     * @param damping added to the diagonal of H, as a fraction of its mean; 0 where H was not used
     * @param retries how often the damping was raised
     * @param fallback why plain rounding was used instead, null where it was not
     * @param deadColumns inputs that were zero on every token of the calibration text, and have weights: those are rounded to nearest
     * @param scaleToAbsmax mean over groups of the scale over the scale that spans the group's largest weight
     */
    public record Linear(
            int block,
            String name,
            int rows,
            int cols,
            int bits,
            int groupSize,
            double relativeError,
            double relativeErrorNearest,
            double damping,
            int retries,
            @Nullable String fallback,
            int deadColumns,
            double scaleToAbsmax,
            double seconds) {}

    /** One evaluation file, first windows, float32. KL(original ‖ compressed) in nats per token; top1 is a share, 0 to 1. */
    public record Evaluation(
            String file,
            double pplOriginal,
            double pplCompressed,
            double klMean,
            double klP99,
            double top1,
            long tokens,
            int seqLen) {}

    public record Sizes(long sourceBytes, long outputBytes, long weightsCompressed, double bitsPerWeight) {}

    /**
     * @param failures the conditions that failed, in words with the numbers; empty when accepted
     */
    public record Verdict(boolean accepted, Gate gate, List<String> failures) {}

    /**
     * A worker with the blocks that it made for this job; a block that was there before has none.
     *
     * @param worker its name: class, process, and what makes it unique
     */
    public record Maker(String worker, List<Integer> blocks) {
        public Maker {
            blocks = List.copyOf(blocks);
        }
    }
}
