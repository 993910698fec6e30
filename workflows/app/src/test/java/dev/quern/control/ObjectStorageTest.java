package dev.quern.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.s3.S3Bucket;
import dev.quern.artifacts.s3.S3ProxyServer;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.engine.Cancellation;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.jobs.Job;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.jobs.upload.Upload;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Output;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.testing.TestBackends;
import dev.quern.worker.ComputeWorker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose source and output are in S3. */
@Timeout(300)
class ObjectStorageTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final String PLACE = TestBackends.external()
            ? TestBackends.required("QUERN_TEST_STORE") + "/" + UUID.randomUUID()
            : "s3://" + S3ProxyServer.BUCKET;
    private static final String SOURCES = PLACE + "/models";
    private static final String OUTPUTS = PLACE + "/results";

    @TempDir
    static Path folder;

    private static S3ProxyServer s3;
    private static Buckets buckets;
    private static ServiceHarness service;

    @BeforeAll
    static void start() throws Exception {
        s3 = new S3ProxyServer();
        Map<String, String> environment = TestBackends.external() ? System.getenv() : s3.environment();
        buckets = new Buckets(environment);
        Map<String, String> settings = new HashMap<>(environment);
        settings.put("quern.sources", SOURCES);
        settings.put("quern.outputs", OUTPUTS);
        service = new ServiceHarness(settings).start();
    }

    @AfterAll
    static void stop() throws Exception {
        service.close();
        s3.close();
    }

    @Test
    void theOutputIsThatOfTheSameModelInAFolder() throws Exception {
        upload("same");
        try (ComputeWorker worker = service.startWorker()) {
            // Another tenant: nothing that one job makes is found by the other.
            Job distant = service.submit("distant", request("same", "same"), "gptq-w4a16");
            Job local = service.submit(ServiceHarness.request(8, 4, null), "gptq-w4a16");

            Job end = service.awaitEnd(distant.id(), LIMIT);

            assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
            assertThat(end.outputs().getFirst().location()).isEqualTo(OUTPUTS + "/same/");
            assertThat(end.outputs().getFirst().digest())
                    .isEqualTo(service.awaitEnd(local.id(), LIMIT)
                            .outputs()
                            .getFirst()
                            .digest());
            Path copy = download("same");
            assertThat(OutputVerifier.verify(copy, bytes -> {}, Cancellation.NEVER)
                            .outputDigest())
                    .isEqualTo(end.outputs().getFirst().digest());
            assertThat(service.store().list("t/distant/outputs/")).isEmpty();
            assertThat(service.store().list("t/distant/jobs/"))
                    .allSatisfy(left -> assertThat(left.key()).contains("/plan-"));
            assertThat(worker.httpPort()).isPositive();
        }
    }

    /** No worker runs before the change: what was inspected is not what the first one reads. */
    @Test
    void aSourceThatChangesDuringTheJobIsNamed() throws Exception {
        S3Bucket source = upload("changing");
        Job job = service.submit("changing", request("changing", "changed"), "gptq-w4a16");
        service.await(job.id(), LIMIT, now -> now.stage() == Stage.PLAN);
        byte[] other = read(source, "model.safetensors");
        other[other.length - 1] ^= 1;
        Entry old = source.head("model.safetensors").orElseThrow();
        assertThat(source.delete("model.safetensors", old.etag())).isTrue();
        source.create("model.safetensors", new ByteArrayInputStream(other));

        try (ComputeWorker worker = service.startWorker()) {
            Job end = service.awaitEnd(job.id(), LIMIT);

            assertThat(end.state().terminal()).isTrue();
            assertThat(end.remarks().failure()).satisfies(failure -> {
                assertThat(failure.code()).isEqualTo("source-changed");
                assertThat(failure.message())
                        .contains(SOURCES + "/changing/model.safetensors: changed since it was inspected");
            });
            assertThat(buckets.open(OUTPUTS + "/changed").list("")).isEmpty();
            assertThat(worker.httpPort()).isPositive();
        }
    }

    @Test
    void anUploadIsASourceToo() throws Exception {
        List<Upload.File> files = new ArrayList<>();
        for (Path file : modelFiles()) {
            byte[] content = Files.readAllBytes(file);
            String sha256 = Digests.sha256(content);
            service.store().create(Keys.of("uploader").upload(sha256), content);
            files.add(new Upload.File(file.getFileName().toString(), content.length, sha256));
        }
        UploadRepository uploads = service.uploads();
        Upload upload = uploads.open(
                new Principal("uploader", "tester", Set.of(Scope.ADMIN)), "any", files, Duration.ofHours(1));
        uploads.complete("uploader", upload.id());
        JobRequest uploaded =
                ServiceHarness.request(JobRequest.Source.uploaded(upload.id().toString()), List.of(), 8, 4, null);
        try (ComputeWorker worker = service.startWorker()) {
            Job distant = service.submit("uploader", uploaded, "rtn-w4a16");
            Job local = service.submit(ServiceHarness.request(8, 4, null), "rtn-w4a16");

            Job end = service.awaitEnd(distant.id(), LIMIT);

            assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
            assertThat(end.outputs().getFirst().digest())
                    .isEqualTo(service.awaitEnd(local.id(), LIMIT)
                            .outputs()
                            .getFirst()
                            .digest());
            assertThat(worker.httpPort()).isPositive();
        }
    }

    @Test
    void textsAreReadWhereTheyLie() throws Exception {
        byte[] text = "It was on a dreary night of November that I beheld the accomplishment of my toils.\n"
                .repeat(100)
                .getBytes(UTF_8);
        Path file = Files.write(folder.resolve("local.txt"), text);
        buckets.open(SOURCES + "/texts").create("mine.txt", new ByteArrayInputStream(text));
        String sha256 = Digests.sha256(text);
        service.store().create(Keys.of("reader").upload(sha256), text);
        Upload upload = service.uploads()
                .open(
                        new Principal("reader", "tester", Set.of(Scope.ADMIN)),
                        "text",
                        List.of(new Upload.File("heldout.txt", text.length, sha256)),
                        Duration.ofHours(1));
        service.uploads().complete("reader", upload.id());
        JobRequest plain = ServiceHarness.request(8, 4, null);
        try (ComputeWorker worker = service.startWorker()) {
            Job distant = service.submit(
                    "reader",
                    ServiceHarness.withTexts(
                            plain,
                            JobRequest.Source.objects(SOURCES + "/texts/mine.txt"),
                            JobRequest.Source.uploaded(upload.id().toString())),
                    "gptq-w4a16");
            JobRequest.Source here = JobRequest.Source.onServer(file.toString());
            Job local = service.submit(ServiceHarness.withTexts(plain, here, here), "gptq-w4a16");

            Job end = service.awaitEnd(distant.id(), LIMIT);

            assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
            assertThat(end.outputs().getFirst().digest())
                    .isEqualTo(service.awaitEnd(local.id(), LIMIT)
                            .outputs()
                            .getFirst()
                            .digest());
            Report report = RecordCodec.read(
                    Json.parse(service.rows().reports().find(end.id(), 0).orElseThrow()), Report.class);
            assertThat(report.calibration().source()).isEqualTo("mine.txt");
            assertThat(report.evaluations().getFirst().file()).isEqualTo("heldout.txt");
            assertThat(worker.httpPort()).isPositive();
        }
        assertThat(refused(SOURCES + "/texts/none.txt")).contains("texts/none.txt (expected: a .jsonl or .txt file");
        assertThat(refused(PLACE + "/private/mine.txt"))
                .contains("text: ", "private/mine.txt (expected: an address under");
    }

    private static String refused(String text) throws Exception {
        JobRequest request =
                ServiceHarness.withTexts(ServiceHarness.request(8, 4, null), JobRequest.Source.objects(text), null);
        Job end = service.awaitEnd(service.submit(request, "gptq-w4a16").id(), LIMIT);
        assertThat(end.remarks().failure()).isNotNull();
        assertThat(end.remarks().failure().code()).isEqualTo("invalid-request");
        return end.remarks().failure().message();
    }

    @Test
    void whatLiesAtTheOutputIsNotTouched() throws Exception {
        upload("foreign");
        S3Bucket output = buckets.open(OUTPUTS + "/foreign");
        output.create("notes.txt", new ByteArrayInputStream("mine".getBytes(UTF_8)));
        List<Entry> before = output.list("");

        Job end = service.awaitEnd(
                service.submit("foreign", request("foreign", "foreign"), "gptq-w4a16")
                        .id(),
                LIMIT);

        assertThat(end.remarks().failure()).satisfies(failure -> {
            assertThat(failure.code()).isEqualTo("output-taken");
            assertThat(failure.message()).contains(OUTPUTS + "/foreign/notes.txt: exists");
        });
        assertThat(output.list("")).isEqualTo(before);
    }

    @Test
    void placesThatAreNotConfiguredAreNeitherReadNorWritten() throws Exception {
        JobRequest elsewhere =
                ServiceHarness.request(JobRequest.Source.objects(PLACE + "/models-private/x"), List.of(), 8, 4, null);
        Job end = service.awaitEnd(service.submit(elsewhere, "gptq-w4a16").id(), LIMIT);
        assertThat(end.remarks().failure()).satisfies(failure -> {
            assertThat(failure.code()).isEqualTo("invalid-request");
            assertThat(failure.message()).contains("models-private/x (expected: an address under " + SOURCES);
        });

        JobRequest stray = ServiceHarness.request(
                JobRequest.Source.onServer(ServiceHarness.MODEL.toString()),
                List.of(new Output("compressed-tensors", null, "s3://other/x")),
                8,
                4,
                null);
        assertThat(service.awaitEnd(service.submit(stray, "gptq-w4a16").id(), LIMIT)
                        .remarks()
                        .failure())
                .satisfies(failure -> assertThat(failure.code()).isEqualTo("invalid-request"));
    }

    private static JobRequest request(String model, String result) {
        return ServiceHarness.request(
                JobRequest.Source.objects(SOURCES + "/" + model),
                List.of(new Output("compressed-tensors", null, OUTPUTS + "/" + result)),
                8,
                4,
                null);
    }

    private static S3Bucket upload(String name) throws IOException {
        S3Bucket target = buckets.open(SOURCES + "/" + name);
        for (Path file : modelFiles()) {
            try (InputStream content = Files.newInputStream(file)) {
                target.create(file.getFileName().toString(), content);
            }
        }
        return target;
    }

    private static List<Path> modelFiles() throws IOException {
        try (Stream<Path> files = Files.list(ServiceHarness.MODEL)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private static Path download(String name) throws IOException {
        Path target = Files.createDirectory(folder.resolve("download-" + name));
        S3Bucket result = buckets.open(OUTPUTS + "/" + name);
        for (Entry entry : result.list("")) {
            Files.write(target.resolve(entry.key()), read(result, entry.key()));
        }
        assertThat(target.resolve(Manifest.NAME)).exists();
        return target;
    }

    private static byte[] read(S3Bucket bucket, String name) throws IOException {
        try (InputStream content = bucket.open(name, 0, Long.MAX_VALUE, null)) {
            return content.readAllBytes();
        }
    }
}
