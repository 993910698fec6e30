package dev.quern.control;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.contract.JobPlan;
import dev.quern.contract.JobRef;
import dev.quern.contract.PlanRef;
import dev.quern.contract.Published;
import dev.quern.control.JobContexts.JobContext;
import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.Digests;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Manifests;
import dev.quern.engine.format.Verification;
import dev.quern.engine.run.Source;
import dev.quern.jobs.ReportRepository;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.ReportPage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Writes the report and puts the result into the store: weights, side files, index, reports, config.json, and when all are there the
 * manifest. No loader opens a folder without config.json; an output without a manifest does not exist.
 */
record Publisher(JobContexts contexts, Outputs outputs, ReportRepository reports) {
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
        UnaryOperator<String> keys = accepted
                ? name -> job.keys().output(job.row().prefix(), name)
                : name -> job.keys().quarantined(job.id(), name);
        Map<String, byte[]> pages = pages(report);
        Assembled assembled = outputs.assembled(ref, planRef, bytes, cancellation);
        Manifest manifest = Manifests.of(verified, pages, assembled.inPublishOrder(List.of(REPORT_JSON, REPORT_HTML)));
        reports.put(job.row().id(), new String(page(pages, REPORT_JSON), StandardCharsets.UTF_8));
        put(manifest, pages, outputs.folder(ref), keys, bytes, cancellation);
        return new Published(
                accepted,
                String.join("; ", report.verdict().failures()),
                accepted ? job.keys().outputs(job.row().prefix()) : job.keys().quarantine(job.id()),
                verified.outputDigest());
    }

    private Report report(
            JobContext job,
            PlanRef ref,
            JobPlan plan,
            Verification verified,
            List<String> figures,
            Map<String, Double> secondsPerStage) {
        try (Source source = Source.open(Path.of(plan.source()))) {
            ReportWriter writer = new ReportWriter(contexts, job, ref, plan);
            return writer.write(outputs.blocks(job, plan, source), source, verified, figures, secondsPerStage);
        }
    }

    private static Map<String, byte[]> pages(Report report) {
        Map<String, byte[]> pages = new LinkedHashMap<>();
        String json = Json.writePretty(RecordCodec.write(report)) + "\n";
        pages.put(REPORT_JSON, json.getBytes(StandardCharsets.UTF_8));
        pages.put(REPORT_HTML, ReportPage.render(report).getBytes(StandardCharsets.UTF_8));
        return pages;
    }

    private void put(
            Manifest manifest,
            Map<String, byte[]> pages,
            Path folder,
            UnaryOperator<String> keys,
            LongConsumer bytes,
            Cancellation cancellation)
            throws IOException {
        if (published(manifest, keys.apply(Manifest.NAME))) {
            return;
        }
        for (Manifest.File file : manifest.files()) {
            cancellation.check();
            byte[] page = pages.get(file.name());
            put(keys.apply(file.name()), file, page, folder.resolve(file.name()));
            bytes.accept(file.size());
        }
        contexts.store().create(keys.apply(Manifest.NAME), Manifests.write(manifest));
    }

    /** By a generation before this one that died with the word on its lips. */
    private boolean published(Manifest manifest, String key) throws IOException {
        if (contexts.store().head(key).isEmpty()) {
            return false;
        }
        Manifest there = RecordCodec.read(Json.parse(contexts.read(key)), Manifest.class);
        if (!there.outputDigest().equals(manifest.outputDigest())) {
            throw new QuernException(
                    ErrorCode.OUTPUT_TAKEN, key + ": " + there.outputDigest() + " (expected: no result, or the same)");
        }
        return true;
    }

    private void put(String key, Manifest.File file, byte @Nullable [] page, Path path) throws IOException {
        if (create(key, page, path)) {
            return;
        }
        // Left by a generation before this one; its report has other times in it.
        Optional<ArtifactStore.Entry> there = contexts.store().head(key);
        if (there.isPresent() && !sha256(key).equals(file.sha256())) {
            contexts.store().delete(key, there.get().etag());
            create(key, page, path);
        }
    }

    private boolean create(String key, byte @Nullable [] page, Path path) throws IOException {
        return (page == null
                        ? contexts.store().create(key, path)
                        : contexts.store().create(key, page))
                .isPresent();
    }

    private String sha256(String key) throws IOException {
        try (DigestInputStream content = new DigestInputStream(contexts.store().open(key), Digests.sha256())) {
            content.transferTo(java.io.OutputStream.nullOutputStream());
            return Digests.hex(content.getMessageDigest().digest());
        }
    }

    private static byte[] page(Map<String, byte[]> pages, String name) {
        byte[] page = pages.get(name);
        if (page == null) {
            throw new IllegalArgumentException("page: " + name + " (expected one of: " + pages.keySet() + ")");
        }
        return page;
    }
}
