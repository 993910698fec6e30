package dev.quern.control.publish;

import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.run.Account;
import dev.quern.engine.run.ReportParts;
import dev.quern.engine.run.Source;
import dev.quern.engine.run.StoredBlocks;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Gathers what a job has found out about an output into its report.
 *
 * @param output its position in the job
 */
record ReportWriter(
        JobContexts contexts, JobContext job, PlanRef ref, JobPlan plan, int output, List<Report.Maker> makers) {
    /** @param blocks all of the output's */
    Report write(StoredBlocks blocks, Source source, Verification verified, StageTimes times) {
        Measurements measured = new Measurements(contexts, job, ref, plan, output);
        List<Report.Linear> linears = ReportParts.linears(blocks);
        List<Report.Evaluation> evaluations = measured.evaluations();
        Report.Verdict verdict = measured.verdict(evaluations);
        List<String> notes = new ArrayList<>(ReportParts.diagnosis(verdict, evaluations, linears, recipe()));
        notes.addAll(notes(measured, source, linears, evaluations));
        return new Report(
                new Report.Head(Report.SCHEMA, job.id(), job.row().request().name(), null),
                model(source, verified),
                recipe(),
                calibration(),
                measured.planned(plan.outputs().get(output).outputBytes()),
                linears,
                evaluations,
                sizes(source, verified),
                new Report.Times(times.working(), times.waiting()),
                new Report.Origin(measured.versions(), makers),
                verdict,
                notes);
    }

    private Report.Model model(Source source, Verification verified) {
        return new Report.Model(
                Figures.leaf(plan.model().source()),
                plan.model().digest(),
                verified.outputDigest(),
                source.architecture().modelType(),
                source.architecture().blocks().size(),
                source.parameters(),
                verified.format());
    }

    private Report.Calibration calibration() {
        return recipe().needsCalibration()
                ? ReportParts.calibration(contexts.windows(plan.calibrationWindows()))
                : ReportParts.noCalibration();
    }

    private Recipe recipe() {
        return plan.recipes().get(output);
    }

    private Report.Sizes sizes(Source source, Verification verified) {
        return new Report.Sizes(
                source.checkpoint().tensorBytes(), verified.bytes(), verified.weights(), verified.bitsPerWeight());
    }

    private Optional<String> calibrationNote() {
        JobRequest.Calibration asked = job.request().calibration();
        TokenWindows text = contexts.windows(plan.calibrationWindows());
        if (!recipe().needsCalibration()) {
            return asked == null || asked.text() == null
                    ? Optional.empty()
                    : Optional.of(ReportParts.unusedText(text, recipe()));
        }
        Integer samples = asked == null ? null : asked.samples();
        return ReportParts.shortText("calibration", text, Datasets.windows(samples, plan.recipes()));
    }

    private List<String> notes(
            Measurements measured, Source source, List<Report.Linear> linears, List<Report.Evaluation> evaluations) {
        GridMap grids = GridMap.of(recipe(), source.architecture());
        List<String> notes = new ArrayList<>(ReportParts.notes(job.format(output), grids, recipe(), linears));
        ReportParts.activations(recipe()).ifPresent(notes::add);
        List<String> leftOut = source.checkpoint().leftOut();
        if (!leftOut.isEmpty()) {
            notes.add("Not copied, because not every store holds such names: " + String.join(", ", leftOut));
        }
        notes.addAll(Account.of(source).remarks());
        calibrationNote().ifPresent(notes::add);
        if (recipe().needsCalibration()) {
            ReportParts.chats("calibration", contexts.windows(plan.calibrationWindows()))
                    .ifPresent(notes::add);
        }
        notes.addAll(measured.notes(evaluations, source.architecture().vocabulary()));
        int outputs = plan.recipes().size();
        if (outputs > 1) {
            notes.add("One of " + outputs + " outputs of one calibration: the times are those of all, and every block"
                    + " takes its inputs from the original model.");
        }
        return notes;
    }
}
