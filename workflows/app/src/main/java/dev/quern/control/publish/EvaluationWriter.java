package dev.quern.control.publish;

import dev.quern.contract.plan.EvaluatedResult;
import dev.quern.engine.run.ReportParts;
import dev.quern.engine.run.Source;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Gathers what a job has found out about a finished result into its report. */
record EvaluationWriter(Measurements measured, EvaluatedResult result) {
    private static final String UNKNOWN =
            "The result has no report that fits its tensors, so how it was made is not known: sizes and figures are measured.";

    Report write(Source source, StageTimes times) {
        List<Report.Evaluation> evaluations = measured.evaluations();
        Report.Verdict verdict = measured.verdict(evaluations);
        List<String> notes = new ArrayList<>(ReportParts.diagnosis(verdict, evaluations, List.of(), result.recipe()));
        notes.addAll(notes(evaluations, source.architecture().vocabulary()));
        return new Report(
                new Report.Head(
                        Report.SCHEMA,
                        measured.job().id(),
                        measured.job().row().request().name(),
                        result.name()),
                model(source),
                result.recipe(),
                Objects.requireNonNullElseGet(result.calibration(), ReportParts::noCalibration),
                measured.planned(0),
                List.of(),
                evaluations,
                new Report.Sizes(
                        source.checkpoint().tensorBytes(), result.bytes(), result.weights(), result.bitsPerWeight()),
                new Report.Times(times.working(), times.waiting()),
                new Report.Origin(measured.versions(), List.of()),
                verdict,
                notes);
    }

    private Report.Model model(Source source) {
        return new Report.Model(
                Figures.leaf(measured.plan().model().source()),
                measured.plan().model().digest(),
                result.digest(),
                source.architecture().modelType(),
                source.architecture().blocks().size(),
                source.parameters());
    }

    private List<String> notes(List<Report.Evaluation> evaluations, int vocabulary) {
        List<String> notes = new ArrayList<>();
        if (result.recipe() == null) {
            notes.add(UNKNOWN);
        }
        ReportParts.activations(result.recipe()).ifPresent(notes::add);
        if (result.original() != null
                && !result.original().equals(measured.plan().model().digest())) {
            notes.add("The result was made from a model with the digest " + result.original()
                    + ", which is not the one it is compared with.");
        }
        notes.addAll(measured.notes(evaluations, vocabulary));
        return notes;
    }
}
