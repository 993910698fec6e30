package dev.quern.control.publish;

import dev.quern.contract.JobRef;
import dev.quern.contract.Published;
import dev.quern.contract.plan.EvaluatedResult;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.control.job.JobSources;
import dev.quern.control.job.Makers;
import dev.quern.control.job.OutputPlaces;
import dev.quern.control.job.Repositories;
import dev.quern.engine.Cancellation;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.run.Source;
import dev.quern.engine.run.StoredBlocks;
import dev.quern.engine.verify.Manifests;
import dev.quern.engine.verify.Verification;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.drawing.ModelCard;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.process.FailPoint;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.Reproduction;
import dev.quern.recipes.view.LinearView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes the report of each output and puts it into its place, an evaluation's alone, a compression's with the model:
 * weights, side files, index, reports, config.json, and when all are there the manifest. No loader opens a folder
 * without config.json; an output without a manifest does not exist.
 */
public record Publisher(
        JobContexts contexts, JobSources sources, Outputs outputs, OutputPlaces places, Repositories rows) {
    public Published publish(
            JobRef ref,
            PlanRef planRef,
            Map<Stage, Double> secondsPerStage,
            LongConsumer bytes,
            Cancellation cancellation)
            throws IOException {
        JobContext job = contexts.of(ref);
        Results results = new Results(ref, planRef, job, contexts.plan(planRef));
        StageTimes times =
                StageTimes.of(secondsPerStage, rows.events().course(job.row().id()));
        List<Published> published = new ArrayList<>();
        for (JobOutput output : job.row().outputs()) {
            Result result = results.plan().result() == null
                    ? compression(results, output.position(), times, bytes, cancellation)
                    : evaluation(results, results.plan().result(), times);
            published.add(publish(job.row(), output, result, bytes, cancellation));
        }
        return together(job.row().outputs(), published);
    }

    /** The outputs of one job. */
    private record Results(JobRef ref, PlanRef planRef, JobContext job, JobPlan plan) {
        Measurements measured(JobContexts contexts, int model) {
            return new Measurements(contexts, job, planRef, plan, model);
        }
    }

    /**
     * What is put into a place.
     *
     * @param folder of the files that are no pages
     */
    private record Result(Report report, ReportFiles pages, Manifest manifest, Path folder) {}

    private Result compression(
            Results results, int output, StageTimes times, LongConsumer bytes, Cancellation cancellation)
            throws IOException {
        Verification verified = outputs.verified(results.ref(), results.planRef(), output, bytes, cancellation);
        Report report = report(results, output, verified, times);
        ReportFiles pages = ReportFiles.of(report, card(results, output, report));
        Assembled assembled = outputs.assembled(results.ref(), results.planRef(), output, bytes, cancellation);
        Manifest manifest = Manifests.of(verified, pages.contents(), assembled.inPublishOrder(ReportFiles.NAMES));
        return new Result(report, pages, manifest, outputs.folder(results.ref(), output));
    }

    private Result evaluation(Results results, EvaluatedResult evaluated, StageTimes times) {
        try (Source source = sources.open(results.plan())) {
            Report report = new EvaluationWriter(results.measured(contexts, 0), evaluated).write(source, times);
            ReportFiles pages = ReportFiles.ofReport(report);
            Manifest manifest = Manifests.ofReport(evaluated.digest(), pages.contents(), ReportFiles.REPORT_NAMES);
            return new Result(report, pages, manifest, outputs.folder(results.ref(), 0));
        }
    }

    private Published publish(Job job, JobOutput output, Result result, LongConsumer bytes, Cancellation cancellation)
            throws IOException {
        int position = output.position();
        Report.Verdict verdict = result.report().verdict();
        Manifest manifest = result.manifest();
        OutputPlaces.Place place = verdict.accepted() ? places.published(job, output) : places.quarantine(job, output);
        FailPoint.pass("report.before");
        rows.reports().put(job.id(), position, result.pages().json());
        FailPoint.pass("report.after");
        if (!place.own()) {
            places.requireFree(job, output);
            places.begin(job, output, manifest);
        }
        new Publication(manifest, result.pages().contents(), result.folder(), place).run(bytes, cancellation);
        rows.outputs().published(job.id(), position, place.location(), manifest.outputDigest(), verdict.accepted());
        return new Published(verdict.accepted(), String.join("; ", verdict.failures()));
    }

    /** Accepted when all are; where there are several, a refused one is named by its recipe. */
    private static Published together(List<JobOutput> outputs, List<Published> published) {
        if (published.size() == 1) {
            return published.getFirst();
        }
        String failures = IntStream.range(0, published.size())
                .filter(i -> !published.get(i).accepted())
                .mapToObj(i ->
                        outputs.get(i).recipeName() + ": " + published.get(i).message())
                .collect(Collectors.joining("; "));
        return new Published(failures.isEmpty(), failures);
    }

    private Report report(Results results, int output, Verification verified, StageTimes times) {
        JobContext job = results.job();
        try (Source source = sources.open(results.plan())) {
            ReportWriter writer = new ReportWriter(
                    contexts,
                    job,
                    results.planRef(),
                    results.plan(),
                    output,
                    makers(job.row().id()));
            StoredBlocks blocks = outputs.blocks(job, results.plan(), output, source);
            return writer.write(blocks, source, verified, times);
        }
    }

    private ModelCard card(Results results, int output, Report report) {
        JobContext job = results.job();
        try (Source source = sources.open(results.plan())) {
            Recipe recipe = results.plan().recipes().get(output);
            String reproduce = Reproduction.command(job.request(), recipe, report);
            return new ModelCard(
                    report,
                    SourceCard.baseModel(source.checkpoint()),
                    SourceCard.frontMatter(source.checkpoint()),
                    reproduce);
        }
    }

    private List<Report.Maker> makers(UUID job) {
        Map<String, List<Integer>> makers = new LinkedHashMap<>();
        for (LinearView.Block block : rows.board().find(job).walk()) {
            for (String maker : Makers.of(block)) {
                makers.computeIfAbsent(maker, worker -> new ArrayList<>()).add(block.block());
            }
        }
        return makers.entrySet().stream()
                .map(maker -> new Report.Maker(maker.getKey(), maker.getValue()))
                .toList();
    }
}
