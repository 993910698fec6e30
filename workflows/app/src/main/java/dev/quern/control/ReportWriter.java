package dev.quern.control;

import dev.quern.contract.JobPlan;
import dev.quern.contract.PlanRef;
import dev.quern.contract.Shard;
import dev.quern.control.JobContexts.JobContext;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.calibration.Datasets;
import dev.quern.engine.calibration.TokenWindows;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.engine.format.PackedGrids;
import dev.quern.engine.format.Verification;
import dev.quern.engine.run.Account;
import dev.quern.engine.run.GateCheck;
import dev.quern.engine.run.ReportParts;
import dev.quern.engine.run.Source;
import dev.quern.engine.run.StoredBlocks;
import dev.quern.inputs.Plans;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what a job has found out about an output into its report.
 *
 * @param output its position in the job
 */
record ReportWriter(
        JobContexts contexts, JobContext job, PlanRef ref, JobPlan plan, int output, List<Report.Maker> makers) {
    private static final String OWN_TEXT =
            "Evaluated on built-in public-domain English text. Pass --evaluate with text like your own.";

    /**
     * @param blocks all of the output's
     * @param figures keys of the first output's, in the order of the plan's shards
     */
    Report write(StoredBlocks blocks, Source source, Verification verified, List<String> figures, StageTimes times) {
        List<Report.Linear> linears = ReportParts.linears(blocks);
        List<Report.Evaluation> evaluations = evaluations(output == 0 ? figures : figures(blocks));
        Gate asked = job.request().gate();
        return new Report(
                Report.SCHEMA,
                job.id(),
                job.row().name(),
                model(source, verified.outputDigest()),
                recipe(),
                calibration(),
                planned(),
                linears,
                evaluations,
                sizes(source, verified),
                times.working(),
                times.waiting(),
                versions(),
                GateCheck.judge(asked == null ? Gate.NONE : asked, evaluations),
                notes(source, linears, evaluations),
                makers);
    }

    private Report.Model model(Source source, String outputDigest) {
        return new Report.Model(
                Figures.leaf(plan.source()),
                plan.modelDigest(),
                outputDigest,
                source.architecture().modelType(),
                source.architecture().blocks(),
                source.parameters());
    }

    private Report.Calibration calibration() {
        return recipe().needsCalibration()
                ? ReportParts.calibration(contexts.windows(plan.calibration()))
                : ReportParts.noCalibration();
    }

    private Report.Plan planned() {
        return new Report.Plan(
                plan.tokensPerTile(),
                plan.segments(),
                plan.profile(),
                plan.backend(),
                plan.peakBytes(),
                plan.scratchBytes(),
                plan.outputBytes(output));
    }

    private Recipe recipe() {
        return plan.recipes().get(output);
    }

    /** Keys of this output's, in the order of the plan's shards. */
    private List<String> figures(StoredBlocks blocks) {
        List<ArtifactName> names = blocks.provenance().blocks(plan.blocks());
        return ref.shards().stream()
                .map(shard -> job.keys().figures(Plans.figures(plan, names, shard)))
                .toList();
    }

    private List<Report.Evaluation> evaluations(List<String> figures) {
        Map<Integer, List<TokenFigures>> byFile = new TreeMap<>();
        for (int i = 0; i < figures.size(); i++) {
            Shard shard = ref.shards().get(i);
            byFile.computeIfAbsent(shard.file(), file -> new ArrayList<>())
                    .add(TokenFigures.of(contexts.read(figures.get(i))));
        }
        List<Report.Evaluation> evaluations = new ArrayList<>();
        byFile.forEach((file, shards) -> {
            TokenWindows text = contexts.windows(plan.evaluations().get(file));
            evaluations.add(ReportParts.evaluation(text, EvaluationFigures.reduce(shards)));
        });
        return evaluations;
    }

    private Report.Sizes sizes(Source source, Verification verified) {
        return new Report.Sizes(
                source.checkpoint().tensorBytes(), verified.bytes(), verified.weights(), verified.bitsPerWeight());
    }

    private Map<String, String> versions() {
        return Map.of("quern", version(), "java", Runtime.version().toString(), "backend", plan.backend());
    }

    private static String version() {
        @Nullable String version = ReportWriter.class.getPackage().getImplementationVersion();
        return Objects.requireNonNullElse(version, "0.1.0-SNAPSHOT");
    }

    private Optional<String> calibrationNote() {
        JobRequest.Calibration asked = job.request().calibration();
        TokenWindows text = contexts.windows(plan.calibration());
        if (!recipe().needsCalibration()) {
            return asked == null || asked.text() == null
                    ? Optional.empty()
                    : Optional.of(ReportParts.unusedText(text, recipe()));
        }
        Integer samples = asked == null ? null : asked.samples();
        return ReportParts.shortText("calibration", text, samples == null ? Datasets.CALIBRATION_WINDOWS : samples);
    }

    private Optional<String> evaluationNote(int file, TokenWindows text) {
        List<JobRequest.Evaluation> asked = job.request().evaluation();
        Integer windows = asked.isEmpty() ? null : asked.get(file).windows();
        return windows == null ? Optional.empty() : ReportParts.shortText("evaluation", text, windows);
    }

    private List<String> notes(Source source, List<Report.Linear> linears, List<Report.Evaluation> evaluations) {
        List<String> notes =
                new ArrayList<>(ReportParts.notes(PackedGrids.of(recipe(), source.architecture()), linears));
        if (evaluations.stream().anyMatch(evaluation -> evaluation.file().equals(Datasets.BUILT_IN))) {
            notes.add(OWN_TEXT);
        }
        List<String> leftOut = source.checkpoint().leftOut();
        if (!leftOut.isEmpty()) {
            notes.add("Not copied, because not every store holds such names: " + String.join(", ", leftOut));
        }
        notes.addAll(Account.of(source).remarks());
        calibrationNote().ifPresent(notes::add);
        for (int file = 0; file < evaluations.size(); file++) {
            TokenWindows text = contexts.windows(plan.evaluations().get(file));
            evaluationNote(file, text).ifPresent(notes::add);
            ReportParts.implausible(
                            evaluations.get(file), text, source.architecture().vocabulary())
                    .ifPresent(notes::add);
        }
        int outputs = plan.recipes().size();
        if (outputs > 1) {
            notes.add("One of " + outputs + " outputs of one calibration: the times are those of all.");
        }
        return notes;
    }
}
