package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.Keys;
import dev.quern.artifacts.NoSuchUploadException;
import dev.quern.artifacts.folder.FolderStore;
import dev.quern.jobs.Step;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.UploadView;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Uploads over HTTP into a real folder store; files are new in every test, for the tenant remembers them. */
class UploadsTest {
    private static final int PART = 8 << 20;
    private static final SplittableRandom RANDOM = new SplittableRandom();

    private final ApiServer server = ApiServer.shared();
    private final byte[] config = random(100);
    private final byte[] weights = random(PART + 5);

    @Test
    void filesAreSentInPartsAndGoOnWhereTheyStopped() {
        UploadView upload = open(file("config.json", config), file("model.safetensors", weights));
        assertThat(upload.state()).isEqualTo("OPEN");
        assertThat(upload.files().get(1))
                .isEqualTo(new UploadView.File(
                        "model.safetensors", weights.length, sha256(weights), false, PART, List.of()));
        send(upload, "config.json", 1, config);
        HttpResponse<String> part = send(upload, "model.safetensors", 2, Arrays.copyOfRange(weights, PART, PART + 5));
        assertThat(part.headers().firstValue("ETag")).isPresent();

        HttpResponse<String> early = complete(upload);
        assertThat(early.statusCode()).isEqualTo(409);
        assertThat(early.body())
                .contains("\"pointer\":\"/files/1\"", "model.safetensors: 1 of 2 parts missing, the first is 1");
        UploadView again = open(file("config.json", config), file("model.safetensors", weights));
        assertThat(again.id()).isEqualTo(upload.id());
        assertThat(again.files().get(1).parts()).containsExactly(2);

        send(upload, "model.safetensors", 1, Arrays.copyOf(weights, PART));
        HttpResponse<String> done = complete(upload);
        assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
        assertThat(view(done).state()).isEqualTo("COMPLETED");
        assertThat(view(done).files()).allMatch(UploadView.File::present);
        assertThat(complete(upload).statusCode()).as("again").isEqualTo(200);

        HttpResponse<String> job = server.post(
                "/api/v1/jobs",
                server.submit,
                RestTest.BODY.replace("\"path\":\"/models/tiny\"", "\"upload\":\"" + upload.id() + "\""));
        assertThat(job.statusCode()).as(job.body()).isEqualTo(202);
        assertThat(job.body()).contains("\"model\":\"upload:" + upload.id() + "\"");
    }

    @Test
    void oneTextIsAnUploadForCalibrationAndEvaluation() {
        UploadView upload = open(file("mine.jsonl", config));
        send(upload, "mine.jsonl", 1, config);
        assertThat(complete(upload).statusCode()).isEqualTo(200);
        String text = "{\"upload\":\"" + upload.id() + "\"}";

        String model = server.upload("config.json", "mine.txt");
        String body = RestTest.BODY.replace("\"path\":\"/models/tiny\"", "\"upload\":\"" + model + "\"");

        HttpResponse<String> accepted = server.post(
                "/api/v1/jobs",
                server.submit,
                body.replace("\"outputs\"", "\"calibration\":" + text + ",\"evaluation\":[" + text + "],\"outputs\""));
        HttpResponse<String> noText = server.post(
                "/api/v1/jobs",
                server.submit,
                body.replace("\"outputs\"", "\"calibration\":{\"upload\":\"" + model + "\"},\"outputs\""));

        assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
        assertThat(RecordCodec.read(Json.parse(accepted.body()), JobView.class)
                        .detail()
                        .texts())
                .containsExactly(
                        new JobView.Text("calibration", "mine.jsonl", sha256(config)),
                        new JobView.Text("evaluation", "mine.jsonl", sha256(config)));
        String page = server.get(
                        "/jobs/"
                                + RecordCodec.read(Json.parse(accepted.body()), JobView.class)
                                        .id(),
                        server.read)
                .body();
        assertThat(page).contains("<dd>mine.jsonl</dd>", "<dt>mine.jsonl</dt><dd>all windows, at most 256</dd>");
        assertThat(noText.statusCode()).isEqualTo(422);
        assertThat(noText.body())
                .contains("/calibration/upload", "expected: the id of a completed upload of one .jsonl or .txt file");
        assertThat(refused(file("mine.jsonl", config), file("other.jsonl", config)))
                .contains("no config.json", "or one .jsonl or .txt file");
    }

    @Test
    void aFileThatTheTenantHasIsNotSentAgain() {
        UploadView first = open(file("config.json", config));
        send(first, "config.json", 1, config);
        complete(first);

        UploadView second = open(file("config.json", config), file("README.md", random(3)));

        assertThat(second.files().getFirst().present()).isTrue();
        assertThat(second.files().getFirst().parts()).isEmpty();
        assertThat(second.files().get(1).present()).isFalse();
        HttpResponse<String> address = address(second, "config.json", 1);
        assertThat(address.statusCode()).isEqualTo(409);
        HttpResponse<String> lie = server.post(
                "/api/v1/uploads", server.submit, body(new UploadView.Item("config.json", 5, sha256(config))));
        assertThat(lie.statusCode()).isEqualTo(422);
        assertThat(lie.body()).contains("/files/0/size", "5 (expected: 100, ");
    }

    /** curl --data-binary and Python's urllib call every body a form. */
    @Test
    void aPartThatIsCalledAFormIsAPart() {
        byte[] formLike = "a=b&c=%zz".getBytes(StandardCharsets.UTF_8);
        UploadView upload = open(file("config.json", formLike));

        HttpResponse<String> answer = server.send(
                HttpRequest.newBuilder(URI.create(part(upload, "config.json", 1).url()))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .PUT(HttpRequest.BodyPublishers.ofByteArray(formLike)));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(view(complete(upload)).state()).isEqualTo("COMPLETED");
    }

    @Test
    void anEmptyFileIsThereAtOnce() {
        UploadView upload = open(file("config.json", config), file("LICENSE", new byte[0]));
        send(upload, "config.json", 1, config);

        assertThat(view(complete(upload)).state()).isEqualTo("COMPLETED");
    }

    @Test
    void aFileThatIsNotWhatItsDigestSaysIsDroppedAndSentAgain() {
        UploadView upload = open(file("config.json", config));
        send(upload, "config.json", 1, random(100));

        HttpResponse<String> wrong = complete(upload);

        assertThat(wrong.statusCode()).isEqualTo(422);
        assertThat(wrong.body())
                .contains("\"pointer\":\"/files/0\"", "(expected: SHA-256 " + sha256(config) + "; send it again)");
        assertThat(show(upload).files().getFirst().present()).isFalse();
        assertThat(show(upload).files().getFirst().parts()).isEmpty();
        send(upload, "config.json", 1, config);
        assertThat(view(complete(upload)).state()).isEqualTo("COMPLETED");
    }

    @Test
    void aPartOfTheWrongLengthDoesNotCount() {
        UploadView upload = open(file("config.json", config));
        send(upload, "config.json", 1, random(99));

        assertThat(show(upload).files().getFirst().parts()).isEmpty();
        assertThat(complete(upload).statusCode()).isEqualTo(409);
    }

    @Test
    void anAddressThatExpiredOrWasForgedIsRefusedWithTheWayToANewOne() throws Exception {
        UploadView upload = open(file("config.json", config));
        URI given = URI.create(part(upload, "config.json", 1).url());
        String key = Keys.of(ApiServer.TENANT).upload(sha256(config));
        String transfer = server.uploads
                .stored(ApiServer.TENANT, new dev.quern.jobs.upload.Upload.File("config.json", 100, sha256(config)))
                .transfer();
        URI parts = URI.create(server.url("/api/v1/uploads/parts"));
        URI expired = new FolderStore(server.store(), () -> Instant.now().minus(Duration.ofHours(2)))
                .uploads()
                .presign(key, String.valueOf(transfer), 1, Duration.ofHours(1), parts);

        for (URI address : List.of(expired, URI.create(given + "x"), parts)) {
            HttpResponse<String> refused = put(address, config);
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body())
                    .contains("\"code\":\"address-expired\"", "POST /api/v1/uploads/{id}/parts gave out; ask it again");
        }
        assertThat(put(given, config).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource({
        "'', /files/0/name, invalid-request",
        "../config.json, /files/0/name, invalid-request",
        "a/../b.json, /files/0/name, invalid-request",
        "/etc/x.json, /files/0/name, invalid-request",
        "a//b.json, /files/0/name, invalid-request",
        ".hidden.json, /files/0/name, invalid-request",
        "config.json, /files/2/name, invalid-request",
        "pytorch_model.bin, /files/0/name, unsafe-checkpoint",
        "weights.PKL, /files/0/name, unsafe-checkpoint",
        "modeling.py, /files/0/name, unsafe-checkpoint",
        "all.tar.gz, /files/0/name, unsafe-checkpoint",
        "a.exe, /files/0/name, invalid-request"
    })
    void refusesNamesThatAreNoneOfACheckpoint(String name, String pointer, String code) {
        // The last of two equal names is refused, all others where they stand.
        UploadView.Item[] files = name.equals("config.json")
                ? new UploadView.Item[] {file("x.json", config), file(name, config), file(name, config)}
                : new UploadView.Item[] {file(name, random(1)), file("config.json", config)};

        HttpResponse<String> answer = server.post("/api/v1/uploads", server.submit, body(files));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
        assertThat(answer.body()).contains("\"pointer\":\"" + pointer + "\"", "\"code\":\"" + code + "\"");
    }

    @Test
    void refusesOverlongNamesWrongDigestsAndAFolderWithoutItsConfig() {
        assertThat(refused(file("a".repeat(300) + ".json", config), file("config.json", config)))
                .contains("/files/0/name", "…");
        assertThat(refused(new UploadView.Item("config.json", 5, "ABC"))).contains("/files/0/sha256");
        assertThat(refused(new UploadView.Item("config.json", -1, sha256(config))))
                .contains("/files/0/size");
        assertThat(refused(file("model.safetensors", weights))).contains("no config.json");
        UploadView upload = open(file("config.json", config));
        assertThat(address(upload, "other.json", 1).body()).contains("\"pointer\":\"/file\"");
        assertThat(address(upload, "config.json", 2).body()).contains("\"pointer\":\"/parts/0\"", "expected: 1 to 1");
    }

    @Test
    void anUploadBelongsToItsTenantAndNeedsTheRightToSubmit() {
        UploadView upload = open(file("config.json", config));
        String other = server.key(new Principal("other", "someone", Set.of(Scope.ADMIN)));

        assertThat(server.get("/api/v1/uploads/" + upload.id(), other).statusCode())
                .isEqualTo(404);
        assertThat(server.post("/api/v1/uploads/" + upload.id() + "/complete", other, "")
                        .statusCode())
                .isEqualTo(404);
        assertThat(server.get("/api/v1/uploads/" + upload.id(), server.read).statusCode())
                .isEqualTo(200);
        assertThat(server.post("/api/v1/uploads", server.read, body(file("config.json", config)))
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.get("/api/v1/uploads/x", server.read).statusCode()).isEqualTo(404);
        HttpResponse<String> early = server.post(
                "/api/v1/jobs",
                server.submit,
                RestTest.BODY.replace("\"path\":\"/models/tiny\"", "\"upload\":\"" + upload.id() + "\""));
        assertThat(early.body()).contains("/source/upload", "expected: the id of a completed upload");
    }

    @Test
    void uploadsAreListedPageByPage() {
        String key = server.key(new Principal("lists-" + System.nanoTime(), "lister", Set.of(Scope.SUBMIT)));
        String first = opened(key, file("config.json", config), file("model.safetensors", weights));
        String second = opened(key, file("mine.txt", random(7)));

        UploadView.Page newest = page("/api/v1/uploads?limit=1", key);
        UploadView.Page rest = page("/api/v1/uploads?limit=1&cursor=" + newest.next(), key);

        assertThat(newest.uploads()).singleElement().returns(second, UploadView.Summary::id);
        assertThat(rest.next()).isNull();
        assertThat(rest.uploads())
                .singleElement()
                .returns(first, UploadView.Summary::id)
                .returns("OPEN", UploadView.Summary::state)
                .returns("lister", UploadView.Summary::createdBy)
                .returns(2, UploadView.Summary::files)
                .returns((long) config.length + weights.length, UploadView.Summary::bytes)
                .matches(upload -> upload.expiresAt() != null && upload.completedAt() == null);
        assertThat(server.get("/api/v1/uploads?limit=201", key).body()).contains("limit: 201 (expected: 1 to 200)");
    }

    @Test
    void anUploadIsDeletedUnlessAnUnfinishedJobReadsIt() {
        UploadView upload = open(file("config.json", config));
        send(upload, "config.json", 1, config);
        complete(upload);
        String path = "/api/v1/uploads/" + upload.id();
        JobView job = RecordCodec.read(
                Json.parse(server.post(
                                "/api/v1/jobs",
                                server.submit,
                                RestTest.BODY.replace(
                                        "\"path\":\"/models/tiny\"", "\"upload\":\"" + upload.id() + "\""))
                        .body()),
                JobView.class);

        HttpResponse<String> read = delete(path, server.submit);
        assertThat(read.statusCode()).isEqualTo(409);
        assertThat(read.body()).contains("\"code\":\"conflict\"", "is read by job " + job.id());

        server.steps.project(UUID.fromString(job.id()), Step.of(1, 1, JobState.FAILED, null));
        String stranger = server.key(new Principal(ApiServer.TENANT, "stranger", Set.of(Scope.SUBMIT)));
        assertThat(delete(path, stranger).statusCode()).isEqualTo(403);
        assertThat(delete(path, server.submit).statusCode()).isEqualTo(204);
        assertThat(server.get(path, server.read).statusCode()).isEqualTo(404);
        assertThat(delete(path, server.submit).statusCode()).isEqualTo(404);
    }

    @Test
    void thePartsOfADeletedUploadAreDropped() {
        UploadView upload = open(file("config.json", config));
        send(upload, "config.json", 1, config);
        dev.quern.jobs.upload.Upload.File file =
                new dev.quern.jobs.upload.Upload.File("config.json", 100, sha256(config));
        String transfer =
                String.valueOf(server.uploads.stored(ApiServer.TENANT, file).transfer());

        assertThat(delete("/api/v1/uploads/" + upload.id(), server.admin).statusCode())
                .isEqualTo(204);

        Assertions.assertThatThrownBy(() -> new FolderStore(server.store())
                        .uploads()
                        .parts(Keys.of(ApiServer.TENANT).upload(sha256(config)), transfer))
                .isInstanceOf(NoSuchUploadException.class);
    }

    private HttpResponse<String> delete(String path, String key) {
        return server.send(server.request(path, key).DELETE());
    }

    private String opened(String key, UploadView.Item... files) {
        return view(server.post("/api/v1/uploads", key, body(files))).id();
    }

    private UploadView.Page page(String path, String key) {
        return RecordCodec.read(Json.parse(server.get(path, key).body()), UploadView.Page.class);
    }

    @Test
    void anUploadThatNobodyGoesOnWithExpiresAndItsPartsAreDropped() throws Exception {
        UploadView upload = open(file("config.json", config));
        send(upload, "config.json", 1, config);
        dev.quern.jobs.upload.Upload.File file =
                new dev.quern.jobs.upload.Upload.File("config.json", 100, sha256(config));
        String transfer =
                String.valueOf(server.uploads.stored(ApiServer.TENANT, file).transfer());
        server.db
                .sql("UPDATE upload SET expires_at = now() - interval '1 s' WHERE id = :id::uuid")
                .param("id", upload.id())
                .update();

        assertThat(server.get("/api/v1/uploads/" + upload.id(), server.read).statusCode())
                .isEqualTo(404);
        UploadView next = open(file("config.json", config));
        assertThat(next.id()).isNotEqualTo(upload.id());
        assertThat(next.files().getFirst().parts()).isEmpty();
        Assertions.assertThatThrownBy(() -> new FolderStore(server.store())
                        .uploads()
                        .parts(Keys.of(ApiServer.TENANT).upload(sha256(config)), transfer))
                .isInstanceOf(NoSuchUploadException.class);
    }

    private String refused(UploadView.Item... files) {
        HttpResponse<String> answer = server.post("/api/v1/uploads", server.submit, body(files));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
        return answer.body();
    }

    private UploadView open(UploadView.Item... files) {
        HttpResponse<String> answer = server.post("/api/v1/uploads", server.submit, body(files));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        UploadView upload = view(answer);
        assertThat(answer.headers().firstValue("Location")).contains("/api/v1/uploads/" + upload.id());
        return upload;
    }

    private UploadView show(UploadView upload) {
        return view(server.get("/api/v1/uploads/" + upload.id(), server.read));
    }

    private HttpResponse<String> address(UploadView upload, String file, int part) {
        return server.post(
                "/api/v1/uploads/" + upload.id() + "/parts",
                server.submit,
                Json.write(RecordCodec.write(new UploadView.PartsRequest(file, List.of(part)))));
    }

    private UploadView.Part part(UploadView upload, String file, int part) {
        HttpResponse<String> answer = address(upload, file, part);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return RecordCodec.read(Json.parse(answer.body()), UploadView.Parts.class)
                .parts()
                .getFirst();
    }

    private HttpResponse<String> send(UploadView upload, String file, int part, byte[] content) {
        HttpResponse<String> answer = put(URI.create(part(upload, file, part).url()), content);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer;
    }

    /** Without a key: the address is enough. */
    private HttpResponse<String> put(URI address, byte[] content) {
        return server.send(HttpRequest.newBuilder(address)
                .timeout(Duration.ofSeconds(60))
                .PUT(HttpRequest.BodyPublishers.ofByteArray(content)));
    }

    private HttpResponse<String> complete(UploadView upload) {
        return server.post("/api/v1/uploads/" + upload.id() + "/complete", server.submit, "");
    }

    private static UploadView view(HttpResponse<String> answer) {
        return RecordCodec.read(Json.parse(answer.body()), UploadView.class);
    }

    private static String body(UploadView.Item... files) {
        return Json.write(RecordCodec.write(new UploadView.Request(List.of(files))));
    }

    private static UploadView.Item file(String name, byte[] content) {
        return new UploadView.Item(name, content.length, sha256(content));
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        RANDOM.nextBytes(bytes);
        return bytes;
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
