package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.digest.ModelDigest;
import dev.quern.jobs.Job;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Finished results through the real service: measured again, on other texts, against the wrong model, damaged,
 * interrupted.
 */
@Timeout(300)
class EvaluationTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int WINDOWS = 4;
    private static final Path GOLDEN = Path.of("../../services/engine/src/test/resources/golden")
            .toAbsolutePath()
            .normalize();

    @RegisterExtension
    static final ServiceHarness service = new ServiceHarness();

    private static Process worker;

    @TempDir
    Path folder;

    @BeforeEach
    void startWorker() throws IOException {
        if (worker == null || !worker.isAlive()) {
            worker = service.startWorkerProcess("worker-" + System.nanoTime());
        }
    }

    @AfterEach
    void nothingIsLeftInScratch() {
        assertThat(service.scratch().toFile().listFiles((parent, name) -> name.startsWith("job-")))
                .isEmpty();
    }

    @Test
    void theSameTextGivesTheFiguresOfTheCompression() throws Exception {
        Job made = made("gptq-w4a16");
        Report compression = report(made);

        Job end = end(service.evaluate(evaluation(ofJob(made))));

        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        Report report = report(end);
        assertThat(report.evaluations()).isEqualTo(compression.evaluations());
        assertThat(report.recipe()).isEqualTo(compression.recipe());
        assertThat(report.calibration())
                .returns(compression.calibration().digest(), Report.Calibration::digest)
                .returns(null, Report.Calibration::recommendation);
        assertThat(report.sizes()).isEqualTo(compression.sizes());
        assertThat(report.model().outputDigest())
                .isEqualTo(made.outputs().getFirst().digest());
        assertThat(report.head().evaluated()).isEqualTo("the result");
        assertThat(report.linears()).isEmpty();
        assertThat(report.times().secondsPerStage()).containsOnlyKeys("INSPECT", "PLAN", "EVALUATE", "PUBLISH");
        assertThat(end.progress())
                .returns(100.0, p -> p.percent())
                .returns(0, p -> p.blocks())
                .returns(0, p -> p.linears());
        assertThat(manifest(end).files())
                .extracting(Manifest.File::name)
                .containsExactly("quern-report.json", "quern-report.html");
        assertThat(manifest(end).outputDigest())
                .isEqualTo(made.outputs().getFirst().digest());
        assertThat(service.rows().events().after(end.id(), 0, 100))
                .filteredOn(event -> event.type().equals("stage"))
                .extracting(JobEvent::data)
                .extracting(data -> data.get("stage"))
                .containsExactly("INSPECT", "PLAN", "EVALUATE", "PUBLISH");
    }

    @Test
    void aFolderIsReadOnAnotherText() throws Exception {
        Job made = made("rtn-w4a16");
        copy(made);
        Path text = Files.writeString(folder.resolve("other.txt"), "In the beginning was the word. ".repeat(200));

        JobRequest request =
                ServiceHarness.evaluation(ofFolder(), JobRequest.Source.onServer(text.toString()), WINDOWS, null);
        Report report = report(completed(service.evaluate(request)));

        assertThat(report.evaluations()).singleElement().satisfies(other -> {
            assertThat(other.file()).isEqualTo("other.txt");
            assertThat(other.klMean()).isPositive();
            assertThat(other.digest())
                    .isNotEqualTo(report(made).evaluations().getFirst().digest());
        });
        assertThat(report.model().outputDigest())
                .isEqualTo(made.outputs().getFirst().digest());
    }

    /** The codes are those of the dense result, so the figures are too. */
    @Test
    void aSparseResultIsMeasuredAsItsDenseTwin() throws Exception {
        Report dense = report(made("rtn-w4a16"));
        Job made = completed(service.submit(
                ServiceHarness.inFormat(ServiceHarness.request(8, WINDOWS, null), Formats.QUERN_SPARSE), "rtn-w4a16"));
        copy(made);

        Report ofJob = report(completed(service.evaluate(evaluation(ofJob(made)))));
        Report ofFolder = report(completed(service.evaluate(evaluation(ofFolder()))));

        assertThat(report(made).model().format()).isEqualTo(Formats.QUERN_SPARSE);
        assertThat(ofJob.evaluations()).isEqualTo(dense.evaluations());
        assertThat(ofFolder.evaluations()).isEqualTo(dense.evaluations());
        assertThat(ofJob.recipe()).isEqualTo(dense.recipe());
        assertThat(ofJob.sizes()).isEqualTo(report(made).sizes());
    }

    /** Without a report beside it, and without a tokenizer of its own. */
    @Test
    void aResultThatDoesNotSayHowItWasMadeIsMeasured() throws Exception {
        Job made = made("rtn-w4a16");
        copy(made);
        for (String name : List.of("quern-report.json", "quern-manifest.json", "tokenizer.json")) {
            Files.delete(folder.resolve("result").resolve(name));
        }

        Report report = report(completed(service.evaluate(evaluation(ofFolder()))));

        assertThat(report.evaluations())
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("linearErrors")
                .isEqualTo(report(made).evaluations());
        // What the weights were before they were rounded follows from a recipe.
        assertThat(report.evaluations())
                .allSatisfy(text -> assertThat(text.linearErrors()).isNull());
        assertThat(report.recipe()).isNull();
        assertThat(report.sizes().bitsPerWeight())
                .isEqualTo(report(made).sizes().bitsPerWeight());
        assertThat(report.notes()).anySatisfy(note -> assertThat(note).contains("how it was made is not known"));
    }

    @Test
    void whatTheGateRefusesIsQuarantined() throws Exception {
        Job made = made("rtn-w4a16");

        Job end = end(
                service.evaluate(ServiceHarness.evaluation(ofJob(made), null, WINDOWS, new Gate(1e-9, null, null))));

        assertThat(end.state()).isEqualTo(JobState.QUARANTINED);
        assertThat(end.outputs().getFirst().location()).isEqualTo("t/default/quarantine/" + end.id() + "/");
        assertThat(report(end).verdict().failures()).isNotEmpty();
    }

    @Test
    void aResultOfAnotherModelIsRejected() throws Exception {
        Path other = GOLDEN.resolve("ct-w4a16-g32-sym");

        assertRejected(
                JobRequest.Result.of(JobRequest.Source.onServer(other.toString())),
                other + ": hidden_size: 64 (expected: 128, as in the original: a result of the same model)");
    }

    @Test
    void aDamagedResultIsRejected() throws Exception {
        copy(made("rtn-w4a16"));
        Path weights = folder.resolve("result/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 100] ^= 1;
        Files.write(weights, bytes);

        Job end = end(service.evaluate(evaluation(ofFolder())));

        assertThat(end.state()).isEqualTo(JobState.REJECTED);
        assertThat(end.remarks().failure().message())
                .startsWith("result: model.safetensors: SHA-256 ")
                .endsWith(", as quern-manifest.json says)");
    }

    @Test
    void aTruncatedResultIsRejected() throws Exception {
        copy(made("rtn-w4a16"));
        Path weights = folder.resolve("result/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length - 100));

        Job end = end(service.evaluate(evaluation(ofFolder())));

        assertThat(end.state()).isEqualTo(JobState.REJECTED);
        assertThat(end.remarks().failure().message()).startsWith("result: model.safetensors: truncated");
    }

    /** A tokenizer that is written in another way is the same; one that cuts a text differently is not. */
    @Test
    void aResultWithOtherTokensIsRejected() throws Exception {
        copy(made("rtn-w4a16"));
        Files.delete(folder.resolve("result/quern-manifest.json"));
        Path tokenizer = folder.resolve("result/tokenizer.json");
        String text = Files.readString(tokenizer);
        Files.writeString(tokenizer, text + "\n");
        completed(service.evaluate(evaluation(ofFolder())));
        int merges = text.indexOf("\"merges\"");
        int first = text.indexOf('[', merges) + 1;
        Files.writeString(tokenizer, text.substring(0, first) + "]}}");

        assertRejected(
                ofFolder(),
                folder.resolve("result") + "/tokenizer.json: other tokens for the built-in text"
                        + " (expected: those of the original's tokenizer)");
    }

    /** What is stored is not made again, and the rest has the bits of an undisturbed run. */
    @Test
    void survivesAWorkerThatIsKilled() throws Exception {
        Job made = made("rtn-w4a16");
        JobRequest request = ServiceHarness.evaluation(ofJob(made), null, 256, null);
        List<Entry> before = figures();
        Job job = service.evaluate(request);
        service.await(
                job.id(),
                LIMIT,
                now -> figures().size() > before.size() || now.state().terminal());
        assertThat(service.find(job.id()).state()).as("still at work").isEqualTo(JobState.RUNNING);
        worker.destroyForcibly().waitFor();
        List<Entry> stored = figures();
        startWorker();

        Report report = report(completed(job));

        assertThat(figures()).containsAll(stored);
        ArtifactStore store = service.store();
        for (Entry entry : figures()) {
            store.delete(entry.key(), entry.etag());
        }
        assertThat(report.evaluations())
                .isEqualTo(report(completed(service.evaluate(request))).evaluations());
    }

    @Test
    void theOriginalItselfDoesNotDiverge() throws Exception {
        JobRequest.Result original = JobRequest.Result.of(JobRequest.Source.onServer(ServiceHarness.MODEL.toString()));

        Report report = report(completed(service.evaluate(evaluation(original))));

        assertThat(report.evaluations().getFirst().klMean()).isZero();
        assertThat(report.sizes().bitsPerWeight()).isZero();
        try (Checkpoint checkpoint = Checkpoint.open(ServiceHarness.MODEL)) {
            assertThat(report.model().outputDigest())
                    .isEqualTo(ModelDigest.of(checkpoint, null, bytes -> {}, Cancellation.NEVER)
                            .digest());
        }
    }

    private void assertRejected(JobRequest.Result result, String message) throws Exception {
        Job end = end(service.evaluate(evaluation(result)));

        assertThat(end.state()).isEqualTo(JobState.REJECTED);
        assertThat(end.remarks().failure().message()).isEqualTo(message);
    }

    private static JobRequest evaluation(JobRequest.Result result) {
        return ServiceHarness.evaluation(result, null, WINDOWS, null);
    }

    private static JobRequest.Result ofJob(Job job) {
        return JobRequest.Result.ofJob(job.id().toString(), 0).named("the result");
    }

    private JobRequest.Result ofFolder() {
        return JobRequest.Result.of(
                JobRequest.Source.onServer(folder.resolve("result").toString()));
    }

    private Job made(String recipe) {
        return completed(service.submit(ServiceHarness.request(8, WINDOWS, null), recipe));
    }

    private static Job completed(Job job) {
        Job end = end(job);
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        return end;
    }

    private static Job end(Job job) {
        return service.awaitEnd(job.id(), LIMIT);
    }

    /** As a user has it. */
    private void copy(Job job) throws IOException {
        Path result = Files.createDirectory(folder.resolve("result"));
        for (Entry entry : service.store().list(job.outputs().getFirst().location())) {
            Path file = result.resolve(entry.key()
                    .substring(
                            String.valueOf(job.outputs().getFirst().location()).length()));
            Files.createDirectories(file.getParent());
            Files.write(file, service.store().read(entry.key()));
        }
    }

    private static List<Entry> figures() {
        try {
            return service.store().list("t/default/figures/");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Report report(Job job) throws IOException {
        byte[] json = service.store().read(job.outputs().getFirst().location() + "quern-report.json");
        return RecordCodec.read(Json.parse(json), Report.class);
    }

    private static Manifest manifest(Job job) throws IOException {
        return RecordCodec.read(
                Json.parse(service.store().read(job.outputs().getFirst().location() + Manifest.NAME)), Manifest.class);
    }
}
