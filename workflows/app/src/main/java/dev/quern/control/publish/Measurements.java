package dev.quern.control.publish;

import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.Shard;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.engine.run.GateCheck;
import dev.quern.engine.run.ReportParts;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TokenWindows;
import dev.quern.inputs.Plans;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.report.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a job has measured on its evaluation texts, and what a report says of that.
 *
 * @param model position of the compared model among those of {@link Plans#figures}
 */
record Measurements(JobContexts contexts, JobContext job, PlanRef ref, JobPlan plan, int model) {
    private static final String OWN_TEXT =
            "Evaluated on built-in public-domain English text. Pass --evaluate with text like your own.";

    /** The figures of each text, in the order of the request. */
    List<Report.Evaluation> evaluations() {
        Map<Integer, List<TokenFigures>> byFile = new TreeMap<>();
        Function<Shard, String> name = Plans.figures(plan).get(model);
        for (Shard shard : ref.shards()) {
            String key = job.keys().figures(name.apply(shard));
            byFile.computeIfAbsent(shard.file(), file -> new ArrayList<>()).add(TokenFigures.of(contexts.read(key)));
        }
        List<Report.Evaluation> evaluations = new ArrayList<>();
        byFile.forEach((file, shards) -> {
            TokenWindows text = contexts.windows(plan.texts().evaluations().get(file));
            evaluations.add(ReportParts.evaluation(text, EvaluationFigures.reduce(shards)));
        });
        return evaluations;
    }

    Report.Verdict verdict(List<Report.Evaluation> evaluations) {
        Gate asked = job.request().gate();
        return GateCheck.judge(asked == null ? Gate.NONE : asked, evaluations);
    }

    /** @param vocabulary of the model */
    List<String> notes(List<Report.Evaluation> evaluations, int vocabulary) {
        List<String> notes = new ArrayList<>();
        if (evaluations.stream().anyMatch(evaluation -> evaluation.file().equals(Datasets.BUILT_IN))) {
            notes.add(OWN_TEXT);
        }
        for (int file = 0; file < evaluations.size(); file++) {
            TokenWindows text = contexts.windows(plan.texts().evaluations().get(file));
            shortText(file, text).ifPresent(notes::add);
            ReportParts.chats("evaluation", text).ifPresent(notes::add);
            ReportParts.implausible(evaluations.get(file), text, vocabulary).ifPresent(notes::add);
        }
        return notes;
    }

    private Optional<String> shortText(int file, TokenWindows text) {
        List<JobRequest.Evaluation> asked = job.request().evaluation();
        Integer windows = asked.isEmpty() ? null : asked.get(file).windows();
        return windows == null ? Optional.empty() : ReportParts.shortText("evaluation", text, windows);
    }

    /** @param outputBytes as they were predicted */
    Report.Plan planned(long outputBytes) {
        return new Report.Plan(
                plan.tiles().tokensPerTile(),
                plan.work().segments(),
                plan.numerics().profile(),
                plan.numerics().backend(),
                plan.prediction().peakBytes(),
                plan.prediction().scratchBytes(),
                outputBytes);
    }

    Map<String, String> versions() {
        return Map.of(
                "quern",
                version(),
                "java",
                Runtime.version().toString(),
                "backend",
                plan.numerics().backend());
    }

    private static String version() {
        @Nullable String version = Measurements.class.getPackage().getImplementationVersion();
        return Objects.requireNonNullElse(version, "0.1.0-SNAPSHOT");
    }
}
