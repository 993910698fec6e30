package dev.quern.control;

import dev.quern.contract.JobPlan;
import dev.quern.contract.JobRef;
import dev.quern.contract.PlanRef;
import dev.quern.contract.Published;
import dev.quern.control.JobContexts.JobContext;
import dev.quern.engine.Cancellation;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Manifests;
import dev.quern.engine.format.Verification;
import dev.quern.engine.run.Source;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.process.FailPoint;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.ReportPage;
import dev.quern.recipes.view.LinearView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongConsumer;

/**
 * Writes the report and puts the result into its place: weights, side files, index, reports, config.json, and when all are there the
 * manifest. No loader opens a folder without config.json; an output without a manifest does not exist.
 */
record Publisher(JobContexts contexts, JobSources sources, Outputs outputs, OutputPlaces places, Rows rows) {
    private static final String REPORT_JSON = "quern-report.json";
    private static final String REPORT_HTML = "quern-report.html";

    Published publish(
            JobRef ref,
            PlanRef planRef,
            List<String> figures,
            Map<String, Double> secondsPerStage,
            LongConsumer bytes,
            Cancellation cancellation)
            throws IOException {
        JobContext job = contexts.of(ref);
        JobPlan plan = contexts.plan(planRef);
        Verification verified = outputs.verified(ref, planRef, bytes, cancellation);
        Report report = report(job, planRef, plan, verified, figures, secondsPerStage);
        boolean accepted = report.verdict().accepted();
        OutputPlaces.Place place = accepted ? places.published(job.row()) : places.quarantine(job.row());
        Map<String, byte[]> pages = pages(report);
        Assembled assembled = outputs.assembled(ref, planRef, bytes, cancellation);
        Manifest manifest = Manifests.of(verified, pages, assembled.inPublishOrder(List.of(REPORT_JSON, REPORT_HTML)));
        FailPoint.pass("report.before");
        rows.reports().put(job.row().id(), new String(page(pages, REPORT_JSON), StandardCharsets.UTF_8));
        FailPoint.pass("report.after");
        if (!place.own()) {
            places.requireFree(job.row());
            places.begin(job.row(), manifest);
        }
        new Publication(manifest, pages, outputs.folder(ref), place).run(bytes, cancellation);
        return new Published(
                accepted, String.join("; ", report.verdict().failures()), place.location(), verified.outputDigest());
    }

    private Report report(
            JobContext job,
            PlanRef ref,
            JobPlan plan,
            Verification verified,
            List<String> figures,
            Map<String, Double> secondsPerStage) {
        try (Source source = sources.open(plan)) {
            ReportWriter writer =
                    new ReportWriter(contexts, job, ref, plan, makers(job.row().id()));
            return writer.write(outputs.blocks(job, plan, source), source, verified, figures, secondsPerStage);
        }
    }

    private List<Report.Maker> makers(UUID job) {
        Map<String, List<Integer>> makers = new LinkedHashMap<>();
        for (LinearView.Block block : rows.board().find(job).walk()) {
            for (String maker : Settler.makers(block)) {
                makers.computeIfAbsent(maker, worker -> new ArrayList<>()).add(block.block());
            }
        }
        return makers.entrySet().stream()
                .map(maker -> new Report.Maker(maker.getKey(), maker.getValue()))
                .toList();
    }

    private static Map<String, byte[]> pages(Report report) {
        Map<String, byte[]> pages = new LinkedHashMap<>();
        String json = Json.writePretty(RecordCodec.write(report)) + "\n";
        pages.put(REPORT_JSON, json.getBytes(StandardCharsets.UTF_8));
        pages.put(REPORT_HTML, ReportPage.render(report).getBytes(StandardCharsets.UTF_8));
        return pages;
    }

    private static byte[] page(Map<String, byte[]> pages, String name) {
        byte[] page = pages.get(name);
        if (page == null) {
            throw new IllegalArgumentException("page: " + name + " (expected one of: " + pages.keySet() + ")");
        }
        return page;
    }
}
