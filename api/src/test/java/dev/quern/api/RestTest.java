package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.stores.ArtifactStores;
import dev.quern.jobs.Job;
import dev.quern.jobs.Step;
import dev.quern.jobs.installation.WorkerRepository;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView;
import dev.quern.recipes.view.WorkerView;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestTest {
    static final String BODY = """
            {"apiVersion":"quern/v1","source":{"path":"/models/tiny"},"recipe":{"ref":"gptq-w4a16"},\
            "outputs":[{"format":"compressed-tensors"}]}""";

    private final ApiServer server = ApiServer.shared();

    @Test
    void acceptsAJob() {
        HttpResponse<String> answer = server.post("/api/v1/jobs", server.admin, BODY);

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        JobView job = RecordCodec.read(Json.parse(answer.body()), JobView.class);
        assertThat(answer.headers().firstValue("Location")).contains("/api/v1/jobs/" + job.id());
        assertThat(job)
                .returns(JobState.QUEUED, JobView::state)
                .returns("gptq-w4a16", row -> row.first().recipe());
        assertThat(server.get("/api/v1/jobs/" + job.id(), server.read).body()).isEqualTo(answer.body());
        assertThat(answer.body()).as("no block is in work").doesNotContain("\"block\":");
    }

    @Test
    void takesARecipeInline() {
        String inline = """
                {"apiVersion":"quern/v1","name":"mine","propagation":"sequential",\
                "grid":{"bits":3,"groupSize":64,"symmetric":false,"clipSearch":"none"},"rounding":{"method":"nearest"}}""";

        HttpResponse<String> answer = server.post(
                "/api/v1/jobs", server.admin, BODY.replace("{\"ref\":\"gptq-w4a16\"}", "{\"inline\":" + inline + "}"));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        assertThat(answer.body()).contains("\"recipe\":\"mine\"");
    }

    @Test
    void placementAndLimitsStandInTheJob() {
        String wishes = "\"placement\":{\"class\":\"gpu\",\"segments\":4},\"limits\":{\"maxPendingSeconds\":60}";

        HttpResponse<String> answer =
                server.post("/api/v1/jobs", server.admin, BODY.replace("\"outputs\"", wishes + ",\"outputs\""));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        assertThat(answer.body()).contains(wishes);
    }

    @ParameterizedTest(name = "{0} -> {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "\"outputs\" | \"outputz\" | /outputz",
                "quern/v1 | quern/v2 | /apiVersion",
                "/models/tiny | models/tiny | /source/path",
                "gptq-w4a16 | gptq-w5 | /recipe/ref",
                "compressed-tensors | gguf | /outputs/0/format",
                "{\"ref\":\"gptq-w4a16\"} | {} | /recipe",
                "\"outputs\" | \"gate\":{\"minTop1\":2},\"outputs\" | /gate/minTop1",
                "\"outputs\" | \"calibration\":{\"samples\":0},\"outputs\" | /calibration/samples",
                "\"outputs\" | \"evaluation\":[{\"windows\":257}],\"outputs\" | /evaluation/0/windows",
                "\"outputs\" | \"calibration\":{\"path\":\"/a.txt\",\"uri\":\"s3://b/a.txt\"},\"outputs\" | /calibration",
                "\"outputs\" | \"calibration\":{\"uri\":\"s3://bucket/a.txt\"},\"outputs\" | /calibration/uri",
                "\"outputs\" | \"calibration\":{\"upload\":\"1\"},\"outputs\" | /calibration/upload",
                "\"outputs\" | \"evaluation\":[{},{\"uri\":\"/a.txt\"}],\"outputs\" | /evaluation/1/uri",
                "\"compressed-tensors\" | \"compressed-tensors\",\"prefix\":\"../up\" | /outputs/0/prefix",
                "\"compressed-tensors\" | \"compressed-tensors\",\"prefix\":\"a\",\"uri\":\"s3://bucket/b\" | /outputs/0",
                "\"compressed-tensors\" | \"compressed-tensors\",\"uri\":\"s3://bucket/../b\" | /outputs/0/uri",
                "\"path\":\"/models/tiny\" | \"path\":null | /source",
                "\"path\" | \"uri\":\"s3://bucket/models\",\"path\" | /source",
                "\"path\":\"/models/tiny\" | \"uri\":\"s3://bucket/models/\" | /source/uri",
                "\"path\":\"/models/tiny\" | \"uri\":\"s3://bucket/a/../b\" | /source/uri",
                "\"path\":\"/models/tiny\" | \"uri\":\"s3://bucket\" | /source/uri",
                "\"path\":\"/models/tiny\" | \"uri\":\"https://bucket/models\" | /source/uri",
                "\"path\":\"/models/tiny\" | \"uri\":\"s3://bucket/models\" | /source/uri",
                "\"path\":\"/models/tiny\" | \"upload\":\"1\" | /source/upload",
                "\"path\":\"/models/tiny\" | \"upload\":\"00000000-0000-0000-0000-000000000000\" | /source/upload",
                "\"outputs\" | \"placement\":{\"class\":\"CPU\"},\"outputs\" | /placement/class",
                "\"outputs\" | \"placement\":{\"segments\":0},\"outputs\" | /placement/segments",
                "\"outputs\" | \"limits\":{\"maxPendingSeconds\":0},\"outputs\" | /limits/maxPendingSeconds",
                "\"outputs\" | \"limits\":{\"maxRuntimeSeconds\":-1},\"outputs\" | /limits/maxRuntimeSeconds"
            })
    void refusesAWrongValueWithItsPointer(String good, String bad, String pointer) {
        HttpResponse<String> answer =
                server.post("/api/v1/jobs", server.admin, BODY.replace(good.strip(), bad.strip()));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(answer.body()).contains("\"pointer\":\"" + pointer.strip() + "\"", "expected");
    }

    @Test
    void aRecipeWithNineBitsIsRefusedWithAPointer() {
        String inline = """
                {"apiVersion":"quern/v1","name":"mine","propagation":"independent",\
                "grid":{"bits":9,"groupSize":128,"symmetric":true,"clipSearch":"none"},"rounding":{"method":"nearest"}}""";

        HttpResponse<String> answer = server.post(
                "/api/v1/jobs", server.admin, BODY.replace("{\"ref\":\"gptq-w4a16\"}", "{\"inline\":" + inline + "}"));

        assertThat(answer.statusCode()).isEqualTo(422);
        assertThat(answer.body()).contains("/recipe/inline/grid", "9", "expected: 2 to 8");
    }

    @Test
    void malformedAndOversizedBodiesAreRefused() {
        HttpResponse<String> malformed = server.post("/api/v1/jobs", server.admin, "{\"a\":");
        HttpResponse<String> large = server.post("/api/v1/jobs", server.admin, " ".repeat(1 << 20) + BODY);
        HttpResponse<String> text =
                server.send(server.request("/api/v1/jobs", server.admin, "Content-Type", "text/plain")
                        .POST(java.net.http.HttpRequest.BodyPublishers.ofString(BODY)));

        assertThat(malformed.statusCode()).isEqualTo(400);
        assertThat(malformed.body()).contains("\"code\":\"malformed-request\"", "line 1, column");
        assertThat(large.statusCode()).isEqualTo(422);
        assertThat(large.body()).contains("at most 131072 bytes");
        assertThat(large.body()).contains("\"code\":\"invalid-request\"");
        assertThat(text.statusCode()).isEqualTo(415);
        assertThat(text.body()).contains("\"code\":\"unsupported-media-type\"");
    }

    @Test
    void aMethodThatAnAddressDoesNotTakeIsRefusedByName() {
        HttpResponse<String> answer = server.post("/api/v1/recipes", server.submit, "{}");

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.body())
                .contains("\"code\":\"method-not-allowed\"", "\"type\":\"/problems/method-not-allowed\"");
    }

    @Test
    void theSameKeyIsTheSameJobAndAnotherBodyIsRefused() {
        String key = UUID.randomUUID().toString();

        HttpResponse<String> first = server.post("/api/v1/jobs", server.admin, BODY, "Idempotency-Key", key);
        HttpResponse<String> again =
                server.post("/api/v1/jobs", server.admin, BODY.replace(",", " , "), "Idempotency-Key", key);
        HttpResponse<String> other =
                server.post("/api/v1/jobs", server.admin, BODY.replace("tiny", "small"), "Idempotency-Key", key);

        assertThat(first.statusCode()).isEqualTo(202);
        assertThat(again.statusCode()).isEqualTo(202);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(other.statusCode()).isEqualTo(422);
        assertThat(other.body()).contains("Idempotency-Key: " + key);
    }

    @Test
    void aTakenPrefixIsAConflict() {
        String body = BODY.replace(
                "\"compressed-tensors\"", "\"compressed-tensors\",\"prefix\":\"taken-" + UUID.randomUUID() + "\"");

        assertThat(server.post("/api/v1/jobs", server.admin, body).statusCode()).isEqualTo(202);
        HttpResponse<String> second = server.post("/api/v1/jobs", server.admin, body);

        assertThat(second.statusCode()).isEqualTo(409);
        assertThat(second.body()).contains("\"code\":\"output-taken\"");
    }

    @Test
    void readsAndWritesObjectsInConfiguredPlacesOnly() {
        String place = UUID.randomUUID().toString();
        String good = BODY.replace("\"path\":\"/models/tiny\"", "\"uri\":\"s3://models/public/tiny\"")
                .replace("\"compressed-tensors\"", "\"compressed-tensors\",\"uri\":\"s3://results/" + place + "\"");

        assertThat(server.post("/api/v1/jobs", server.submit, good).statusCode())
                .isEqualTo(202);
        HttpResponse<String> second = server.post("/api/v1/jobs", server.submit, good);
        assertThat(second.statusCode()).isEqualTo(409);
        assertThat(second.body()).contains("\"code\":\"output-taken\"");
        HttpResponse<String> source =
                server.post("/api/v1/jobs", server.submit, good.replace("models/public", "models/public-not"));
        assertThat(source.statusCode()).isEqualTo(422);
        assertThat(source.body())
                .contains("/source/uri", "expected: an address under s3://models/public/ or s3://more/");
        HttpResponse<String> output = server.post(
                "/api/v1/jobs", server.submit, good.replace("s3://results/", "s3://models/public/results/"));
        assertThat(output.statusCode()).isEqualTo(422);
        assertThat(output.body()).contains("/outputs/0/uri");
    }

    @Test
    void listsByLabelAndPagesWithACursor() {
        String name = "paged-" + UUID.randomUUID();
        List<String> ids = List.of(server.job(name), server.job(name), server.job(name)).reversed().stream()
                .map(job -> job.id().toString())
                .toList();

        JobView.Page first = page("/api/v1/jobs?limit=2&label=test:" + name);
        JobView.Page second = page("/api/v1/jobs?limit=2&label=test:" + name + "&cursor=" + first.next());

        assertThat(first.jobs()).extracting(JobView::id).isEqualTo(ids.subList(0, 2));
        assertThat(second.jobs()).extracting(JobView::id).isEqualTo(ids.subList(2, 3));
        assertThat(second.next()).isNull();
        assertThat(page("/api/v1/jobs?state=FAILED&label=test:" + name).jobs()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/api/v1/jobs?limit=0, 422",
        "/api/v1/jobs?limit=x, 400",
        "/api/v1/jobs?state=SLEEPING, 422",
        "/api/v1/jobs?cursor=!, 422",
        "/api/v1/jobs?label=x, 422",
        "/api/v1/jobs/x, 404",
        "/api/v1/jobs/00000000-0000-0000-0000-000000000000, 404",
        "/api/v1/nowhere, 404"
    })
    void refusesWhatIsNotThere(String path, int status) {
        HttpResponse<String> answer = server.get(path, server.read);

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(answer.body()).contains("\"code\"", "\"detail\"");
    }

    @Test
    void cancelWritesTheWishAndAnEndedJobIsAConflict() {
        Job job = server.job("cancel");
        String path = "/api/v1/jobs/" + job.id() + "/cancel";

        assertThat(server.post(path, server.submit, "").statusCode()).isEqualTo(202);
        assertThat(server.get("/api/v1/jobs/" + job.id(), server.read).body()).contains("\"desired\":\"CANCEL\"");
        server.steps.project(job.id(), Step.of(1, 1, JobState.FAILED, Stage.INSPECT));
        HttpResponse<String> late = server.post(path, server.submit, "");

        assertThat(late.statusCode()).isEqualTo(409);
        assertThat(late.body()).contains("state: FAILED (expected: ");
    }

    @Test
    void pauseResumeAndRetryAreWishesAndAWrongStateIsAConflict() {
        Job job = server.job("pause");
        String path = "/api/v1/jobs/" + job.id();

        assertThat(server.post(path + "/pause", server.read, "").statusCode()).isEqualTo(403);
        assertThat(server.post(path + "/pause", server.submit, "").body()).contains("\"desired\":\"PAUSE\"");
        assertThat(server.post(path + "/pause", server.submit, "").statusCode()).isEqualTo(202);
        assertThat(server.post(path + "/resume", server.submit, "").body()).contains("\"desired\":\"RUN\"");
        server.post(path + "/cancel", server.submit, "");
        HttpResponse<String> late = server.post(path + "/resume", server.submit, "");
        assertThat(late.statusCode()).isEqualTo(409);
        assertThat(late.body())
                .contains(
                        "\"code\":\"conflict\"",
                        "state: QUEUED, to be cancelled (expected: PAUSED, QUEUED or RUNNING, and not about to be cancelled)");

        server.steps.project(job.id(), Step.of(1, 1, JobState.FAILED, null).failedWith("internal", "broken"));
        assertThat(server.post(path + "/pause", server.submit, "").statusCode()).isEqualTo(409);
        assertThat(server.post(path + "/retry", server.submit, "").body())
                .contains("\"state\":\"QUEUED\"", "\"desired\":\"RUN\"");
        assertThat(server.post(path + "/retry", server.submit, "").statusCode()).isEqualTo(202);
        server.steps.project(job.id(), Step.of(2, 1, JobState.CANCELLED, null));
        assertThat(server.post(path + "/retry", server.submit, "").body())
                .contains("state: CANCELLED (expected: FAILED)");
    }

    @Test
    void layersAreTheBoard() {
        Job job = server.job("layers");
        server.boards.layOut(job.id(), 2, List.of("self_attn.q_proj", "mlp.down_proj"));

        LinearView.Board board = RecordCodec.read(
                Json.parse(server.get("/api/v1/jobs/" + job.id() + "/layers", server.read)
                        .body()),
                LinearView.Board.class);

        assertThat(board.blocks()).isEqualTo(2);
        assertThat(board.names()).containsExactly("self_attn.q_proj", "mlp.down_proj");
        assertThat(board.linears()).hasSize(4);
    }

    @Test
    void workersAreThoseThatAreThere() {
        Job job = server.job("workers");
        String worker = "cpu-" + UUID.randomUUID();
        server.boards.layOut(job.id(), 1, List.of("mlp.up_proj"));
        server.boards.worker(job.id(), 0, worker);
        server.workers.register(new WorkerRepository.Arrival(
                worker, "cpu", new WorkerView.Device("cpu", "openblas", "9f86", 2, 1L << 30, null, 1e11, 1e9)));
        server.workers.seen(worker, "compression of blocks 0 to 0", job.id());
        server.steps.project(job.id(), Step.of(1, 1, JobState.RUNNING, Stage.COMPRESS));

        assertThat(server.get("/api/v1/workers", server.read).body())
                .contains(
                        "{\"name\":\"" + worker
                                + "\",\"workerClass\":\"cpu\",\"device\":{\"id\":\"cpu\",\"backend\":\"openblas\"",
                        "\"busy\":true,\"doing\":{\"job\":\"" + job.id()
                                + "\",\"what\":\"compression of blocks 0 to 0\"},\"working\":[{\"job\":\"" + job.id()
                                + "\",\"block\":0}],\"blocks\":0}");
    }

    @Test
    void listsFilesFromTheManifestAndServesThemWholeOrInPart() throws IOException {
        Job job = server.job("files");
        ArtifactStore store = ArtifactStores.open(server.store().toUri().toString());
        byte[] weights = "0123456789".getBytes(StandardCharsets.UTF_8);
        Manifest manifest = new Manifest(
                Manifest.SCHEMA, "d", List.of(new Manifest.File("model.safetensors", weights.length, "84d8")));
        Keys keys = Keys.of(job.tenant());
        store.create(keys.output(job.outputs().getFirst().prefix(), "model.safetensors"), weights);
        store.create(keys.output(job.outputs().getFirst().prefix(), "unlisted"), weights);
        String path = "/api/v1/jobs/" + job.id() + "/files";
        assertThat(server.get(path, server.read).statusCode())
                .as("before the manifest")
                .isEqualTo(404);
        store.create(
                keys.output(job.outputs().getFirst().prefix(), Manifest.NAME),
                Json.write(RecordCodec.write(manifest)).getBytes(StandardCharsets.UTF_8));

        HttpResponse<String> whole = server.get(path + "/model.safetensors", server.read);
        HttpResponse<String> part = server.get(path + "/model.safetensors", server.read, "Range", "bytes=7-");

        assertThat(RecordCodec.read(Json.parse(server.get(path, server.read).body()), Manifest.class))
                .isEqualTo(manifest);
        assertThat(whole.body()).isEqualTo("0123456789");
        assertThat(whole.headers().firstValue("Content-Length")).contains("10");
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.body()).isEqualTo("789");
        assertThat(part.headers().firstValue("Content-Range")).contains("bytes 7-9/10");
        assertThat(server.get(path + "/unlisted", server.read).statusCode()).isEqualTo(404);
        assertThat(server.get(path + "/..%2f..%2fx", server.read).statusCode()).isIn(400, 404);
    }

    @Test
    void theReportIsDataOrAPage() throws IOException {
        SampleJob sample = new SampleJob(server, "report", 2);
        String path = "/api/v1/jobs/" + sample.job().id() + "/report";
        assertThat(server.get(path, server.read).statusCode())
                .as("before the gate")
                .isEqualTo(404);
        sample.start();
        sample.block(0);
        sample.finish(true);

        HttpResponse<String> data = server.get(path, server.read);
        HttpResponse<String> page = server.get(path, server.read, "Accept", "text/html");

        assertThat(RecordCodec.read(Json.parse(data.body()), Report.class).linears())
                .hasSize(7);
        assertThat(page.headers().firstValue("Content-Type")).contains("text/html;charset=UTF-8");
        assertThat(page.headers().allValues("Content-Security-Policy"))
                .singleElement()
                .asString()
                .contains("default-src 'none'", "style-src 'sha256-");
        assertThat(page.body()).startsWith("<!doctype html>").contains("38.701");
    }

    @Test
    void aJobIsDeletedAtItsEndByItsOwnerOrAnAdmin() {
        Job job = server.job("to delete");
        String path = "/api/v1/jobs/" + job.id();

        assertThat(delete(path, server.submit).statusCode()).isEqualTo(403);
        assertThat(delete(path, server.admin).statusCode()).isEqualTo(409);
        server.steps.project(job.id(), Step.of(1, 1, JobState.FAILED, null).failedWith("internal", "x"));
        assertThat(delete(path, server.admin).statusCode()).isEqualTo(204);
        assertThat(server.get(path, server.read).statusCode()).isEqualTo(404);
        assertThat(delete(path, server.admin).statusCode()).isEqualTo(404);
        assertThat(server.post(path + "/retry", server.submit, "").statusCode()).isEqualTo(404);
        assertThat(server.get("/api/v1/jobs?label=test:to%20delete", server.read)
                        .body())
                .doesNotContain(job.id().toString());
    }

    private HttpResponse<String> delete(String path, String key) {
        return server.send(server.request(path, key).method("DELETE", HttpRequest.BodyPublishers.noBody()));
    }

    @Test
    void anOutputIsTheDefault() {
        HttpResponse<String> answer = server.post(
                "/api/v1/jobs",
                server.admin,
                "{\"apiVersion\":\"quern/v1\",\"source\":{\"path\":\"/models/m\"},\"recipe\":{\"ref\":\"gptq-w4a16\"}}");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        JobView job = RecordCodec.read(Json.parse(answer.body()), JobView.class);
        JobView full = RecordCodec.read(
                Json.parse(server.get("/api/v1/jobs/" + job.id(), server.read).body()), JobView.class);
        assertThat(full.detail().request())
                .isNotNull()
                .returns("/models/m", request -> request.source().path());
        assertThat(full.outputs().getFirst().parameters()).isEqualTo(Recipes.find("gptq-w4a16"));
    }

    @Test
    void aStateIsNamedInCapitalsOrNot() {
        assertThat(server.get("/api/v1/jobs?state=queued", server.read).statusCode())
                .isEqualTo(200);
        assertThat(server.get("/api/v1/jobs?state=nosuch", server.read).body())
                .contains("state: nosuch (expected one of: QUEUED, RUNNING, ");
    }

    @Test
    void whatDescribesTheApiIsOpenToAll() {
        HttpResponse<String> docs = server.get("/docs", "");
        assertThat(docs.statusCode()).isEqualTo(200);
        assertThat(docs.body())
                .contains("POST /api/v1/jobs", "id=\"JobRequest\"", "href=\"#JobView\"")
                .doesNotContain("<script>", "style=");
        assertThat(server.get("/openapi.json", "").statusCode()).isEqualTo(200);
        for (ErrorCode code : ErrorCode.values()) {
            HttpResponse<String> page = server.get("/problems/" + code.slug(), "");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.body())
                    .contains("<h2>" + code.slug() + "</h2><p>")
                    .doesNotContain("<h2>" + code.slug() + "</h2><p></p>");
        }
        assertThat(server.get("/problems/none", "").statusCode()).isEqualTo(404);
    }

    @Test
    void aRecipeHasAnAddress() {
        assertThat(server.get("/api/v1/recipes/gptq-w3a16", server.read).body()).contains("\"bits\":3");
        assertThat(server.get("/api/v1/recipes/none", server.read).statusCode()).isEqualTo(404);
    }

    @Test
    void recipesAreTheCatalogue() {
        assertThat(server.get("/api/v1/recipes", server.read).body())
                .contains("\"name\":\"gptq-w4a16\"", "\"name\":\"rtn-w4a16\"");
    }

    private JobView.Page page(String path) {
        return RecordCodec.read(Json.parse(server.get(path, server.read).body()), JobView.Page.class);
    }
}
