package dev.quern.recipes.report;

import dev.quern.recipes.Gate;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.CompletedBy;
import dev.quern.recipes.codec.Flat;
import dev.quern.recipes.codec.Word;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code quern-report.json}: what was made, from what, how, and what it cost in quality. Schema in
 * docs/report.schema.json. It is published, so it names files without their folders.
 *
 * @param recipe null where a result was evaluated that does not say how it was made
 * @param calibration in an evaluation what the result's own report says
 * @param linears none in an evaluation
 */
public record Report(
        @Flat Head head,
        Model model,
        @Nullable Recipe recipe,
        Calibration calibration,
        Plan plan,
        List<Linear> linears,
        List<Evaluation> evaluations,
        Sizes sizes,
        @Flat Times times,
        @Flat Origin origin,
        Verdict verdict,
        List<String> notes) {
    /** The name of its file in the folder of a result. */
    public static final String NAME = "quern-report.json";

    public static final String SCHEMA = "quern-report/v1";

    /**
     * What the report is about.
     *
     * @param evaluated the name of the finished result that was evaluated; null in the report of a compression
     */
    public record Head(
            String schema,
            String job,
            @Nullable String name,
            @Nullable String evaluated) {}

    /**
     * How long it took, by stage.
     *
     * @param secondsPerStage at work
     * @param secondsWaiting beside that, for a worker or for another job; stages without are left out
     */
    public record Times(Map<String, Double> secondsPerStage, Map<String, Double> secondsWaiting) {}

    /** Which programs and workers made it. */
    public record Origin(Map<String, String> versions, List<Maker> makers) {}

    /**
     * @param source its name: the last part of where it was
     * @param digest of the source: SHA-256 over its sorted (path, size, SHA-256)
     * @param outputDigest the same over the files of the result that a loader reads
     * @param format of the result; null in older reports, whose results are in compressed-tensors, and in evaluations
     */
    public record Model(
            String source,
            String digest,
            String outputDigest,
            String type,
            int blocks,
            long parameters,
            @Nullable String format) {
        /** A model whose format the report does not name. */
        public Model(String source, String digest, String outputDigest, String type, int blocks, long parameters) {
            this(source, digest, outputDigest, type, blocks, parameters, null);
        }
    }

    /**
     * @param source the name of a file, or {@code built-in}; recommendation is null where the user gave a text of their
     *     own
     */
    public record Calibration(
            String source,
            int windows,
            int seqLen,
            long tokens,
            String digest,
            @Nullable String recommendation) {}

    /** @param tile tokens of a tile; profile is the numeric profile of the workers */
    public record Plan(
            int tile,
            int segments,
            String profile,
            String backend,
            long peakBytes,
            long scratchBytes,
            long outputBytes) {}

    /**
     * One linear.
     *
     * @param name {@code model.layers.3.mlp.down_proj}
     * @param groupSize 0 is one scale per row
     */
    @CompletedBy(FiguresForm.class)
    public record Linear(
            int block,
            String name,
            int rows,
            int cols,
            int bits,
            int groupSize,
            LinearFigures figures,
            double seconds) {}

    /**
     * One evaluation file, first windows, float32. KL(original ‖ compressed) in nats per token; top1 is a share, 0 to
     * 1. Perplexities and KL are not finite where a model overflows on the text.
     *
     * @param file its name, or {@code built-in}
     * @param digest SHA-256 over window length and token ids: equal where the same windows were read; null in older
     *     reports
     * @param blockErrors of the hidden states after each block, in order: the mean over all tokens of ‖h' - h‖ / ‖h‖,
     *     not squared; null where the axes of the result's states are not known, as those of a model that another tool
     *     rotated, where a state is not finite, and in older reports
     * @param linearErrors of the compressed linears on this text; null where it is not known what they were before, as
     *     in a model of another tool, and in older reports
     */
    public record Evaluation(
            String file,
            @Word(Word.NOT_FINITE) double pplOriginal,
            @Word(Word.NOT_FINITE) double pplCompressed,
            @Word(Word.NOT_FINITE) double klMean,
            @Word(Word.NOT_FINITE) double klP99,
            double top1,
            long tokens,
            int seqLen,
            @Nullable String digest,
            @Nullable List<Double> blockErrors,
            @Nullable List<LinearError> linearErrors) {
        public Evaluation {
            blockErrors = blockErrors == null ? null : List.copyOf(blockErrors);
            linearErrors = linearErrors == null ? null : List.copyOf(linearErrors);
        }

        /** An evaluation whose windows are not known. */
        public Evaluation(
                String file,
                double pplOriginal,
                double pplCompressed,
                double klMean,
                double klP99,
                double top1,
                long tokens,
                int seqLen) {
            this(file, pplOriginal, pplCompressed, klMean, klP99, top1, tokens, seqLen, null, null, null);
        }

        /** NaN where the original's perplexity is not finite. */
        public double pplRatio() {
            return Double.isFinite(pplOriginal) ? pplCompressed / pplOriginal : Double.NaN;
        }

        /** What is not finite, in words; empty where all figures are. */
        public List<String> notFinite() {
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("the original's perplexity", pplOriginal);
            figures.put("the result's perplexity", pplCompressed);
            figures.put("mean KL", klMean);
            figures.put("99th percentile of KL", klP99);
            figures.values().removeIf(Double::isFinite);
            return List.copyOf(figures.keySet());
        }
    }

    /**
     * The error of a compressed linear on inputs of an evaluation text, as the compressed model has them.
     *
     * @param name {@code model.layers.3.mlp.down_proj}
     * @param relativeError ‖(W-Q)X‖² / ‖WX‖². Squared: pages show the root
     */
    public record LinearError(
            String name, @Word(Word.NOT_FINITE) double relativeError) {}

    public record Sizes(long sourceBytes, long outputBytes, long weightsCompressed, double bitsPerWeight) {}

    /**
     * @param accepted by the gate, or by a person
     * @param failures the conditions that failed, in words with the numbers; empty when the gate accepted
     * @param quality how near the result is to the original; null where nothing was evaluated, and in older reports
     * @param approval by whom a result was accepted that the gate refused; null otherwise
     */
    public record Verdict(
            boolean accepted,
            Gate gate,
            List<String> failures,
            @Nullable Closeness quality,
            @Nullable Approval approval) {
        /** A verdict without words: only what the gate says. */
        public Verdict(boolean accepted, Gate gate, List<String> failures) {
            this(accepted, gate, failures, null, null);
        }
    }

    /**
     * A person took responsibility for a result that its gate refused.
     *
     * @param by the name of the API key
     * @param reason in that person's words
     */
    public record Approval(Instant at, String by, @Nullable String reason) {}

    /** The same, accepted by a person. */
    public Report approved(Approval approval) {
        Verdict given = verdict;
        return new Report(
                head,
                model,
                recipe,
                calibration,
                plan,
                linears,
                evaluations,
                sizes,
                times,
                origin,
                new Verdict(true, given.gate(), given.failures(), given.quality(), approval),
                notes);
    }

    /** The report of the same result in another format. */
    public Report converted(String format, String outputDigest, Sizes converted, List<String> remarks) {
        return new Report(
                head,
                new Model(
                        model.source(),
                        model.digest(),
                        outputDigest,
                        model.type(),
                        model.blocks(),
                        model.parameters(),
                        format),
                recipe,
                calibration,
                plan,
                linears,
                evaluations,
                converted,
                times,
                origin,
                verdict,
                remarks);
    }

    /**
     * The recipe of a compression.
     *
     * @throws IllegalStateException for an evaluation of a result that does not name its own
     */
    public Recipe knownRecipe() {
        if (recipe == null) {
            throw new IllegalStateException("recipe: none (expected: the report of a compression)");
        }
        return recipe;
    }

    /** What a text calls the recipe. */
    public String recipeName() {
        return recipe == null ? "an unknown recipe" : recipe.name();
    }

    /** The first text on which errors of linears were measured. */
    public Optional<Evaluation> heldOutText() {
        return evaluations.stream()
                .filter(evaluation -> evaluation.linearErrors() != null)
                .findFirst();
    }

    /** Relative errors of linears on {@link #heldOutText}, squared, by name; none where there is no such text. */
    public Map<String, Double> heldOut() {
        Map<String, Double> errors = new LinkedHashMap<>();
        heldOutText()
                .map(Evaluation::linearErrors)
                .orElse(List.of())
                .forEach(linear -> errors.put(linear.name(), linear.relativeError()));
        return errors;
    }

    /** How near the result is to the original; null where nothing was evaluated. */
    public @Nullable Closeness closeness() {
        return Closeness.of(evaluations);
    }

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
