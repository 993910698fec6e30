package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.contract.JobRef;
import dev.quern.control.job.JobArtifacts;
import dev.quern.control.job.JobContexts;
import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.ArtifactName.Lifetime;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.inputs.Plans;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView;
import dev.quern.testing.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.FileSystemUtils;

/** Jobs on the sample model through the real service: PostgreSQL, Temporal, control process, worker, engine. */
@Timeout(240)
class ServiceTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @RegisterExtension
    static final ServiceHarness service = new ServiceHarness();

    @BeforeAll
    static void start() throws IOException {
        service.startWorker();
    }

    @Test
    void compressesAModelAndPublishesIt() throws Exception {
        Job job = service.submit(ServiceHarness.request(8, 4, null), "gptq-w4a16");

        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(end.outputs().getFirst().location()).isEqualTo("t/default/outputs/" + job.id() + "/");
        assertThat(end.progress())
                .returns(100.0, p -> p.percent())
                .returns(end.progress().blocks(), p -> p.blocksDone());
        assertThat(service.rows().board().find(job.id()).walk())
                .extracting(LinearView.Block::block)
                .isEqualTo(IntStream.range(0, end.progress().blocks()).boxed().toList());
        Manifest manifest = manifest(end);
        assertThat(manifest.outputDigest()).isEqualTo(end.outputs().getFirst().digest());
        assertThat(manifest.files())
                .extracting(Manifest.File::name)
                .contains("model.safetensors", "tokenizer.json", "quern-report.json", "quern-report.html")
                .endsWith("config.json");
        String recipe = new String(
                service.store().read(end.outputs().getFirst().location() + Recipe.FILE), StandardCharsets.UTF_8);
        Recipe asked = Recipes.find("gptq-w4a16");
        assertThat(Recipes.read(recipe))
                .as("with the group that auto takes")
                .isEqualTo(asked.withGrid(asked.grid().withGroupSize(128)));
        Report report = report(end);
        assertThat(report.verdict().accepted()).isTrue();
        assertThat(report.linears()).hasSize(end.progress().linears());
        assertThat(report.times().secondsPerStage()).containsKeys("INSPECT", "COMPRESS", "EVALUATE");
        assertThat(service.folder().resolve("scratch/control/job-" + job.id())).doesNotExist();
    }

    /** It passes all stages like any other; its report says that it must be converted. */
    @Test
    void publishesAPrunedResultInTheSparseFormat() throws Exception {
        Recipe pruned = Recipes.read("""
                apiVersion: quern/v1
                extends: gptq-w4a16
                mask: {score: magnitude, sparsity: 0.5}
                """);
        JobRequest request = ServiceHarness.inFormat(ServiceHarness.request(8, 4, null), Formats.QUERN_SPARSE);
        Job job = service.submit("default", request, pruned);

        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).as("%s", end.remarks().failure()).isIn(JobState.COMPLETED, JobState.QUARANTINED);
        Report report = report(end);
        assertThat(report.model().format()).isEqualTo("quern-sparse");
        assertThat(report.sizes().bitsPerWeight()).as("4.125 when dense").isLessThan(3);
        assertThat(report.notes())
                .contains("vLLM 0.33: does not load (it does not know quern-sparse: quern convert makes a result in"
                        + " compressed-tensors of it)");
        String card = new String(
                service.store().read(end.outputs().getFirst().location() + "README.md"), StandardCharsets.UTF_8);
        assertThat(card).contains("| format | quern-sparse |").doesNotContain("vllm serve");
    }

    /** The final norm of the original is so large that its logits overflow, whatever is compressed. */
    @Test
    void quarantinesAResultWhoseFiguresAreNotFinite() throws Exception {
        Path model = service.folder().resolve("overflowing");
        FileSystemUtils.copyRecursively(ServiceHarness.MODEL, model);
        overflow(model.resolve("model.safetensors"));

        Job end = service.awaitEnd(
                service.submit(ServiceHarness.request(model, 8, 4, null), "gptq-w4a16")
                        .id(),
                LIMIT);

        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.QUARANTINED);
        assertThat(end.remarks().failure().message())
                .isEqualTo(
                        "built-in: figures are not finite: the original's perplexity, the result's perplexity, mean KL,"
                                + " 99th percentile of KL");
        JobView.Quality quality = end.outputs().getFirst().quality();
        assertThat(quality.measuredKl()).isNaN();
        assertThat(quality.measuredRatio()).isNaN();
        assertThat(Closeness.of(quality)).isEqualTo(Closeness.BROKEN);
        Report report = report(end);
        assertThat(report.evaluations())
                .singleElement()
                .satisfies(text -> assertThat(text.klMean()).isNaN());
        assertThat(report.linears())
                .as("compressed as ever")
                .hasSize(end.progress().linears());
        assertThat(report.notes())
                .anySatisfy(note -> assertThat(note).contains("the original itself has no finite perplexity"));
        Path folder = Files.createDirectory(service.folder().resolve("taken-" + end.id()));
        for (ArtifactStore.Entry entry :
                service.store().list(end.outputs().getFirst().location())) {
            Files.write(
                    folder.resolve(Path.of(entry.key()).getFileName()),
                    service.store().read(entry.key()));
        }
        assertThat(OutputVerifier.verify(folder, bytes -> {}, Cancellation.NEVER)
                        .outputDigest())
                .isEqualTo(end.outputs().getFirst().digest());
        for (String page : List.of("quern-report.html", "README.md")) {
            assertThat(folder.resolve(page)).content().contains("not finite").doesNotContain("NaN");
        }
    }

    /** The final norm is the last tensor of the file: 128 times 1e38 in bf16. */
    private static void overflow(Path weights) throws IOException {
        byte[] bytes = Files.readAllBytes(weights);
        for (int at = bytes.length - 256; at < bytes.length; at += 2) {
            bytes[at] = (byte) 0x96;
            bytes[at + 1] = 0x7E;
        }
        Files.write(weights, bytes);
    }

    @Test
    void fillsTheBoardAndNumbersItsEventsWithoutGaps() throws Exception {
        Job job = service.submit(ServiceHarness.request(8, 4, null), "rtn-w4a16");

        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(service.rows().board().find(job.id()).linears())
                .isNotEmpty()
                .allSatisfy(cell -> assertThat(cell.state()).isEqualTo(CellState.DONE))
                .extracting(LinearView::relativeError)
                .doesNotContainNull();
        List<JobEvent> events = service.rows().events().after(job.id(), 0, 1000);
        assertThat(events)
                .extracting(JobEvent::id)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, end.lastEvent()).boxed().toList());
        assertThat(events).extracting(JobEvent::type).contains("state", "stage", "linear");
    }

    @Test
    void quarantinesWhatItsGateRefusesAndPublishesItOnceApproved() throws Exception {
        Job job = service.submit(ServiceHarness.request(8, 4, new Gate(1e-9, null, null)), "rtn-w4a16");
        Job held = service.awaitEnd(job.id(), LIMIT);

        assertThat(held.state()).isEqualTo(JobState.QUARANTINED);
        assertThat(held.outputs().getFirst().location()).isEqualTo("t/default/quarantine/" + job.id() + "/");
        assertThat(held.view().remarks().failure()).isNotNull();
        assertThat(service.store().list("t/default/outputs/" + job.id())).isEmpty();

        assertThat(service.rows().jobs().approve(tester(), job.id(), "for a talk"))
                .isTrue();
        Job end = service.await(job.id(), LIMIT, now -> now.state() == JobState.COMPLETED);

        assertThat(end.outputs().getFirst().location()).isEqualTo("t/default/outputs/" + job.id() + "/");
        assertThat(manifest(end).outputDigest())
                .isEqualTo(end.outputs().getFirst().digest());
        assertThat(end.times().finishedAt())
                .as("the end of its work")
                .isEqualTo(held.times().finishedAt());
        assertThat(end.view().remarks().failure()).isNull();
        assertThat(end.view().remarks().approval())
                .returns(tester().name(), JobView.Approval::by)
                .returns("for a talk", JobView.Approval::reason);
        assertApproved(end, "for a talk");
        assertThat(service.store().list("t/default/quarantine/" + job.id()))
                .as("one copy is enough")
                .isEmpty();
    }

    /** The published report says so too, and the manifest fits it. */
    private void assertApproved(Job job, String reason) throws IOException {
        byte[] published = service.store().read(job.outputs().getFirst().location() + "quern-report.json");
        Report report = RecordCodec.read(Json.parse(published), Report.class);
        assertThat(report.verdict().accepted()).isTrue();
        assertThat(report.verdict().failures()).isNotEmpty();
        assertThat(report.verdict().approval()).returns(reason, Report.Approval::reason);
        assertThat(manifest(job).files())
                .filteredOn(file -> file.name().equals("quern-report.json"))
                .singleElement()
                .returns(Digests.sha256(published), Manifest.File::sha256);
        assertThat(new String(
                        service.store().read(job.outputs().getFirst().location() + "README.md"),
                        StandardCharsets.UTF_8))
                .contains("## Quality", "quern compress ./");
    }

    /** What a job of its own has made already is not made again; the rest has the bytes that a job of its own makes. */
    @Test
    void twoOutputsOfOneCalibrationAreThoseOfTwoJobs() throws Exception {
        JobRequest request = ServiceHarness.request(9, 4, null);
        Recipe fourBits = BlockProbe.independent("gptq-w4a16");
        Recipe threeBits = BlockProbe.independent("gptq-w3a16");
        Job four = service.awaitEnd(service.submit(request, fourBits).id(), LIMIT);
        List<ArtifactStore.Entry> before = blocks();

        Job end = service.awaitEnd(
                service.submit(request, List.of(fourBits, threeBits)).id(), LIMIT);

        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(blocks()).containsAll(before).hasSize(before.size() + 4);
        assertThat(end.progress().reusedBlocks())
                .as("a block is done when all its artifacts are there")
                .isZero();
        forgetArtifacts();
        Job three = service.awaitEnd(service.submit(request, threeBits).id(), LIMIT);
        assertThat(end.outputs())
                .extracting(JobOutput::digest)
                .containsExactly(
                        four.outputs().getFirst().digest(),
                        three.outputs().getFirst().digest());
        assertThat(end.outputs())
                .extracting(JobOutput::location)
                .containsExactly(
                        "t/default/outputs/" + end.id() + "/",
                        "t/default/outputs/" + end.id() + "-" + threeBits.name() + "/");
        assertThat(end.outputs().getFirst().location())
                .isEqualTo(end.outputs().getFirst().location());
        for (int output = 0; output < 2; output++) {
            Job alone = List.of(four, three).get(output);
            Report report = report(end, output);
            assertThat(report.recipe().name())
                    .isEqualTo(alone.outputs().getFirst().recipeName());
            assertThat(report.evaluations()).isEqualTo(report(alone).evaluations());
            assertThat(report.plan().outputBytes())
                    .isEqualTo(report(alone).plan().outputBytes());
            assertThat(report.notes()).anySatisfy(note -> assertThat(note).contains("One of 2 outputs"));
        }
        assertThat(service.folder().resolve("scratch/control/job-" + end.id())).doesNotExist();
    }

    @Test
    void ofTwoOutputsOnlyTheOneBeyondTheGateIsHeld() throws Exception {
        Recipe twoBits = BlockProbe.independent("gptq-w2a16");
        Recipe eightBits = BlockProbe.independent("gptq-w8a16");
        Job job = service.submit(ServiceHarness.request(8, 4, new Gate(0.02, null, null)), List.of(twoBits, eightBits));
        Job held = service.awaitEnd(job.id(), LIMIT);

        assertThat(held.state()).as("%s", held.remarks().failure()).isEqualTo(JobState.QUARANTINED);
        assertThat(held.outputs()).extracting(JobOutput::accepted).containsExactly(false, true);
        assertThat(held.outputs().getFirst().location()).isEqualTo("t/default/quarantine/" + job.id() + "/");
        assertThat(held.remarks().failure())
                .satisfies(failure -> assertThat(failure.message())
                        .startsWith(twoBits.name() + ": ")
                        .doesNotContain(eightBits.name()));
        String published = "t/default/outputs/" + job.id() + "-" + eightBits.name() + "/";
        assertThat(service.store().head(published + Manifest.NAME)).isPresent();
        assertThat(service.store().list("t/default/outputs/" + job.id() + "/")).isEmpty();

        assertThat(service.rows().jobs().approve(tester(), job.id(), null)).isTrue();
        Job end = service.await(job.id(), LIMIT, now -> now.state() == JobState.COMPLETED);

        assertThat(end.outputs().getFirst().location()).isEqualTo("t/default/outputs/" + job.id() + "/");
        assertThat(end.outputs())
                .extracting(JobOutput::location)
                .containsExactly(end.outputs().getFirst().location(), published);
        assertThat(end.outputs()).extracting(JobOutput::accepted).containsOnly(true);
        assertThat(manifest(end).outputDigest())
                .isEqualTo(end.outputs().getFirst().digest());
    }

    @Test
    void rejectsABadCheckpointAndLeavesNothingOfIt() throws Exception {
        Path model = Files.createDirectory(service.folder().resolve("no-config-" + System.nanoTime()));
        List<ArtifactStore.Entry> before = service.store().list("t/default/");

        Job job = service.submit(ServiceHarness.request(model, 8, 4, null), "gptq-w4a16");
        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).isEqualTo(JobState.REJECTED);
        assertThat(end.remarks().failure()).satisfies(f -> assertThat(f.code()).isEqualTo("invalid-checkpoint"));
        assertThat(service.store().list("t/default/")).isEqualTo(before);
        assertThat(service.folder().resolve("scratch/control/job-" + job.id())).doesNotExist();
    }

    /** Its tokenizer aborts the process that reads it. */
    @Test
    void rejectsAModelThatNoProcessSurvivesAndServesTheOthers() throws Exception {
        Path model = service.folder().resolve("poison");
        FileSystemUtils.copyRecursively(ServiceHarness.MODEL, model);
        Path tokenizer = model.resolve("tokenizer.json");
        String normalizer = "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"AAAA\"}";
        Files.writeString(tokenizer, Files.readString(tokenizer).replaceFirst("\"normalizer\": null", normalizer));

        Job poison = service.submit(ServiceHarness.request(model, 8, 4, null), "rtn-w4a16");
        Job other = service.submit(ServiceHarness.request(8, 4, null), "rtn-w4a16");

        Job rejected = service.awaitEnd(poison.id(), LIMIT);
        assertThat(rejected.state()).isEqualTo(JobState.REJECTED);
        assertThat(rejected.remarks().failure())
                .satisfies(f ->
                        assertThat(f.message()).startsWith(tokenizer.toString()).contains("signal 6"));
        assertThat(rejected.run().generation()).isEqualTo(1);
        assertThat(service.awaitEnd(other.id(), LIMIT).state()).isEqualTo(JobState.COMPLETED);
    }

    @Test
    void deletesWhatAStoppedPublishLeft() throws Exception {
        Path model = Files.createDirectory(service.folder().resolve("no-config-" + System.nanoTime()));
        Job job = service.submit(ServiceHarness.request(model, 8, 4, null), "gptq-w4a16");
        service.awaitEnd(job.id(), LIMIT);
        String left = Keys.of("default").output(job.outputs().getFirst().prefix(), "model.safetensors");
        service.store().create(left, new byte[] {1});

        service.activities().cleanup(new JobRef("default", job.id().toString(), 1));

        assertThat(service.store().head(left)).isEmpty();
    }

    /**
     * As a death in the middle of the clean-up leaves them: the row is at its end, and no workflow comes back to it.
     */
    @Test
    void finishesACleanUpThatADeathBrokeOff() throws Exception {
        Job job = service.submit(ServiceHarness.request(8, 4, null), "gptq-w4a16");
        service.awaitEnd(job.id(), LIMIT);
        Keys keys = Keys.of("default");
        JobContexts contexts = service.bean(JobContexts.class);
        String plan = service.store()
                .list(keys.document(job.id().toString(), "plan-"))
                .getFirst()
                .key();
        String stream = new JobArtifacts(contexts, keys, Plans.parse(contexts.read(plan)))
                .keys(Lifetime.INTERMEDIATE)
                .iterator()
                .next();
        String document = keys.document(job.id().toString(), "source-of-a-test.json");
        service.store().create(stream, new byte[] {1});
        service.store().create(document, new byte[] {1});
        Path scratch = Files.createDirectories(service.scratch().resolve("job-" + job.id() + "/output"));

        service.bean(JdbcClient.class)
                .sql("UPDATE job SET cleanup_due = true WHERE id = :id")
                .param("id", job.id())
                .update();
        Await.within(LIMIT, "the clean-up of " + job.id())
                .until(() -> service.rows().jobs().uncleaned().isEmpty());

        assertThat(service.store().head(stream)).isEmpty();
        assertThat(service.store().head(document)).isEmpty();
        assertThat(service.store().head(plan)).isPresent();
        assertThat(scratch.getParent()).doesNotExist();
    }

    private static dev.quern.jobs.access.Principal tester() {
        return new dev.quern.jobs.access.Principal(
                "default", "tester", java.util.Set.of(dev.quern.jobs.access.Scope.ADMIN));
    }

    private static Manifest manifest(Job job) throws IOException {
        byte[] json = service.store().read(job.outputs().getFirst().location() + Manifest.NAME);
        return RecordCodec.read(Json.parse(json), Manifest.class);
    }

    private static List<ArtifactStore.Entry> blocks() throws IOException {
        return service.store().list("t/default/artifacts/block-");
    }

    private static void forgetArtifacts() throws IOException {
        for (String kind : List.of("artifacts", "figures")) {
            for (ArtifactStore.Entry entry : service.store().list("t/default/" + kind + "/")) {
                service.store().delete(entry.key(), entry.etag());
            }
        }
    }

    private static Report report(Job job) {
        return report(job, 0);
    }

    private static Report report(Job job, int output) {
        String json = service.rows().reports().find(job.id(), output).orElseThrow();
        return RecordCodec.read(Json.parse(json), Report.class);
    }
}
