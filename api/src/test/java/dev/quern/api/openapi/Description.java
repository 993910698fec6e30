package dev.quern.api.openapi;

import static dev.quern.api.openapi.Operation.JSON;

import dev.quern.api.problem.Problem;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Comparison;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.Estimate;
import dev.quern.recipes.view.IndexView;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.KeyView;
import dev.quern.recipes.view.LinearView;
import dev.quern.recipes.view.StorageView;
import dev.quern.recipes.view.UploadView;
import dev.quern.recipes.view.WhoView;
import dev.quern.recipes.view.WorkerView;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The OpenAPI document: operations are listed here, schemas come from the records that the API reads and writes. */
final class Description {
    static final String VERSION = "1.3.0";
    private static final String INTRODUCTION = "Compresses large language models, offline, as durable jobs. "
            + "Every request carries a key: Authorization: Bearer KEY. Errors are application/problem+json (RFC 9457); their type "
            + "leads to a page that says what they mean. POST /api/v1/jobs with an Idempotency-Key can be repeated safely.";
    private static final String REQUEST = """
            {"apiVersion":"quern/v1","source":{"path":"/models/Qwen3-8B"},"recipe":{"ref":"gptq-w4a16"},\
            "outputs":[{"format":"compressed-tensors","prefix":"qwen3-8b-w4"}],"gate":{"maxKl":0.1},"labels":{"team":"search"}}""";
    private static final JsonObject TEXT = Schemas.simple("string");

    private final Schemas schemas = new Schemas();
    private final Map<String, JsonValue> paths = new LinkedHashMap<>();

    static JsonObject document() {
        return new Description().build();
    }

    private JsonObject build() {
        jobs();
        wishes();
        uploads();
        results();
        comparison();
        recipes();
        keys();
        rest();
        JsonObject responses = responses();
        JsonObject components = JsonObject.EMPTY
                .with("schemas", schemas.all())
                .with("responses", responses)
                .with(
                        "securitySchemes",
                        JsonObject.EMPTY.with("key", Schemas.simple("http").with("scheme", "bearer")));
        JsonObject security = JsonObject.EMPTY.with("key", new JsonArray(List.of()));
        return JsonObject.EMPTY
                .with("openapi", "3.1.0")
                .with(
                        "info",
                        JsonObject.EMPTY
                                .with("title", "Quern")
                                .with("version", VERSION)
                                .with("description", INTRODUCTION))
                .with("servers", new JsonArray(List.of(JsonObject.EMPTY.with("url", "/"))))
                .with("security", new JsonArray(List.of(security)))
                .with("tags", tags())
                .with("paths", new JsonObject(paths))
                .with("components", components);
    }

    private static JsonArray tags() {
        return new JsonArray(List.of(
                tag("jobs", "Submit, follow, stop and delete jobs."),
                tag("results", "Reports and files of what jobs made."),
                tag("recipes", "How a model is compressed."),
                tag("uploads", "Send a model or a text to the server, in parts."),
                tag("keys", "Who may ask for what."),
                tag("server", "What this server is.")));
    }

    private static JsonObject tag(String name, String description) {
        return JsonObject.EMPTY.with("name", name).with("description", description);
    }

    private void jobs() {
        add(
                "post",
                "/api/v1/jobs",
                Operation.of("submitJob", "jobs", "Submit a job; 202 with its location.")
                        .saying(
                                "With a recipe the job compresses its source; with a result it evaluates that, and needs no recipe. The "
                                        + "same Idempotency-Key with the same body is the same job; with another body it is refused (422). "
                                        + "429 when too many jobs are unfinished.")
                        .header("Idempotency-Key", "1 to 255 characters of the client's choice")
                        .body(schemas.of(JobRequest.class), REQUEST)
                        .answers(202, JSON, schemas.of(JobView.class), "accepted; Location leads to the job")
                        .admin()
                        .conflicts());
        add(
                "get",
                "/api/v1/jobs",
                Operation.of("listJobs", "jobs", "List jobs, newest first.")
                        .query("cursor", TEXT, "next of the page before")
                        .query("limit", integer(), "1 to 200, default 50")
                        .query(
                                "state",
                                TEXT,
                                Arrays.stream(JobState.values())
                                                .map(JobState::name)
                                                .collect(Collectors.joining(", ")) + "; in capitals or not")
                        .query("label", TEXT, "name:value; given several times, all must fit")
                        .answers(200, JSON, schemas.of(JobView.Page.class), "a page, with the figures of each result"));
        add(
                "post",
                "/api/v1/estimate",
                Operation.of(
                                "estimateJob",
                                "jobs",
                                "What a job would take: time per stage, memory, scratch and size of the result.")
                        .body(schemas.of(JobRequest.class), REQUEST)
                        .answers(200, JSON, schemas.of(Estimate.class), "the estimate")
                        .admin());
        add(
                "get",
                "/api/v1/jobs/{id}",
                job(Operation.of("getJob", "jobs", "A job, with its request and recipes."))
                        .query(
                                "wait",
                                integer(),
                                "seconds, at most 60: the answer comes when the job ends, or after this time")
                        .answers(200, JSON, schemas.of(JobView.class), "the job"));
        add(
                "delete",
                "/api/v1/jobs/{id}",
                job(Operation.of(
                                "deleteJob",
                                "jobs",
                                "Delete a job at its end, with its results in the store; 409 before its end."))
                        .saying(
                                "It is gone from lists at once; its files go within a minute. What it published to a uri of its "
                                        + "own stays there. Requires the key that submitted it, or scope admin.")
                        .empty(204, "deleted")
                        .admin()
                        .conflicts());
        add(
                "get",
                "/api/v1/jobs/{id}/layers",
                job(Operation.of("getBoard", "jobs", "The board: a cell per linear of each block."))
                        .answers(200, JSON, schemas.of(LinearView.Board.class), "the board"));
        add(
                "get",
                "/api/v1/jobs/{id}/events",
                job(Operation.of(
                                "getEvents",
                                "jobs",
                                "The log: as server-sent events where the client accepts them, else a page of it."))
                        .saying(
                                "With Accept: text/event-stream each event has id, event (its type) and data (a JobEvent). A client that "
                                        + "comes back with Last-Event-ID misses nothing; after an id that the log does not have comes an event reset "
                                        + "with job and layers. Lines that begin with a colon keep the stream alive. It ends with the job; asked "
                                        + "again after that it answers 204.")
                        .query("after", integer(), "the id after which to begin")
                        .query("limit", integer(), "of a page: 1 to 1000, default 200")
                        .header("Last-Event-ID", "as after, for streams")
                        .answers(
                                200,
                                JSON,
                                schemas.of(type("dev.quern.api.rest.EventsController$EventPage")),
                                "events, oldest first")
                        .answers(200, "text/event-stream", TEXT, "")
                        .empty(204, "a stream that has nothing to say any more"));
    }

    private void wishes() {
        act("cancel", "cancelJob", "Ask a job to stop; 409 when it is at its end.");
        act(
                "pause",
                "pauseJob",
                "Ask a job to pause; finished blocks are kept. 409 when it is at its end or about to be cancelled.");
        act("resume", "resumeJob", "Ask a paused job to continue. 409 when it is at its end or about to be cancelled.");
        act(
                "retry",
                "retryJob",
                "Queue a failed job again; it makes only what is missing. 409 when it has not failed.");
        act(
                "approve",
                job(Operation.of("approveJob", "jobs", "Publish a quarantined result; scope admin."))
                        .query("reason", TEXT, "why, for the job and its report; at most 500 characters"));
    }

    private void act(String verb, String id, String summary) {
        act(verb, job(Operation.of(id, "jobs", summary)));
    }

    private void act(String verb, Operation operation) {
        add(
                "post",
                "/api/v1/jobs/{id}/" + verb,
                operation
                        .answers(
                                202,
                                JSON,
                                schemas.of(JobView.class),
                                "noted; the job as it is now, which may still change")
                        .admin()
                        .conflicts());
    }

    private static Operation job(Operation operation) {
        return operation.path("id", "of the job");
    }

    private void uploads() {
        add(
                "post",
                "/api/v1/uploads",
                Operation.of(
                                "openUpload",
                                "uploads",
                                "Announce the files of a checkpoint; the same files, while their upload is open, are that upload.")
                        .saying(
                                "Then ask for addresses of the parts that are missing, PUT each part there, and complete the upload. Files "
                                        + "that the server has already are not sent again.")
                        .body(schemas.of(UploadView.Request.class), """
                        {"files":[{"name":"config.json","size":660,\
                        "sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}""")
                        .answers(201, JSON, schemas.of(UploadView.class), "open; Location leads to it"));
        add(
                "get",
                "/api/v1/uploads",
                Operation.of("listUploads", "uploads", "List open and completed uploads, newest first.")
                        .query("cursor", TEXT, "next of the page before")
                        .query("limit", integer(), "1 to 200, default 50")
                        .answers(200, JSON, schemas.of(UploadView.Page.class), "a page"));
        add(
                "delete",
                "/api/v1/uploads/{id}",
                upload(Operation.of(
                                "deleteUpload", "uploads", "Delete an upload; 409 while an unfinished job reads it."))
                        .saying(
                                "Its files go with the next sweep of the store, unless another upload names them. Requires the key "
                                        + "that opened it, or scope admin.")
                        .empty(204, "deleted")
                        .admin()
                        .conflicts());
        add(
                "get",
                "/api/v1/uploads/{id}",
                upload(Operation.of("getUpload", "uploads", "What is there of an upload."))
                        .answers(200, JSON, schemas.of(UploadView.class), "the upload"));
        add(
                "post",
                "/api/v1/uploads/{id}/parts",
                upload(Operation.of(
                                "addressParts",
                                "uploads",
                                "Addresses that take parts by PUT until they expire; at most 1,000 at a time."))
                        .body(schemas.of(UploadView.PartsRequest.class), "{\"file\":\"config.json\",\"parts\":[1]}")
                        .answers(200, JSON, schemas.of(UploadView.Parts.class), "an address for each part")
                        .conflicts());
        add(
                "post",
                "/api/v1/uploads/{id}/complete",
                upload(
                                Operation.of(
                                        "completeUpload",
                                        "uploads",
                                        "Check sizes and digests of all files; 409 where parts are missing, 422 where a file is another."))
                        .answers(200, JSON, schemas.of(UploadView.class), "complete: a job may name it")
                        .conflicts());
        add(
                "put",
                "/api/v1/uploads/parts",
                Operation.of(
                                "sendPart",
                                "uploads",
                                "Take a part, where the address of one leads here; 403 when it has expired.")
                        .query("token", TEXT, "of the address")
                        .answers(200, JSON, JsonObject.EMPTY, "taken; ETag names its content")
                        .open()
                        .admin());
    }

    private static Operation upload(Operation operation) {
        return operation.path("id", "of the upload");
    }

    private void results() {
        add(
                "get",
                "/api/v1/jobs/{id}/report",
                output(
                                Operation.of(
                                        "getReport",
                                        "results",
                                        "The report of an output, the first unless told otherwise; as a page where the client accepts text/html."))
                        .answers(200, JSON, schemas.of(Report.class), "the report")
                        .answers(200, "text/html", TEXT, ""));
        add(
                "get",
                "/api/v1/jobs/{id}/files",
                output(Operation.of("listFiles", "results", "The manifest of an output: files with size and SHA-256."))
                        .answers(200, JSON, schemas.of(Manifest.class), "the manifest"));
        add(
                "get",
                "/api/v1/jobs/{id}/files/{name}",
                output(Operation.of("getFile", "results", "A file of an output, whole or one range of it."))
                        .path("name", "as the manifest has it, with its slashes")
                        .header("Range", "one range, bytes=FROM-TO")
                        .answers(200, "application/octet-stream", JsonObject.EMPTY, "the file; ETag names its content")
                        .answers(206, "application/octet-stream", JsonObject.EMPTY, "the range"));
    }

    private void comparison() {
        add(
                "get",
                "/api/v1/compare",
                Operation.of(
                                "compareResults",
                                "results",
                                "Results side by side: how recipes differ, quality on the same windows, sizes, errors of linears.")
                        .query("job", TEXT, "an id; given several times, every output of each counts, 2 to 8 in all")
                        .answers(200, JSON, schemas.of(Comparison.class), "the comparison"));
    }

    private static Operation output(Operation operation) {
        return job(operation).query("output", integer(), "its position in the job, default 0");
    }

    private void recipes() {
        add(
                "get",
                "/api/v1/recipes",
                Operation.of("listRecipes", "recipes", "The catalogue.")
                        .answers(
                                200,
                                JSON,
                                schemas.of(type("dev.quern.api.rest.RecipesController$Catalogue")),
                                "the built-in recipes"));
        add(
                "get",
                "/api/v1/recipes/{name}",
                Operation.of("getRecipe", "recipes", "A built-in recipe.")
                        .path("name", "for example gptq-w4a16")
                        .answers(200, JSON, schemas.of(Recipe.class), "the recipe"));
    }

    private void keys() {
        add(
                "post",
                "/api/v1/keys",
                Operation.of("createKey", "keys", "Make a key; scope admin. Its secret is in this answer only.")
                        .body(
                                schemas.of(KeyView.Request.class),
                                "{\"name\":\"ci\",\"scope\":\"submit\",\"expiresInDays\":90}")
                        .answers(201, JSON, schemas.of(KeyView.class), "the key with its secret")
                        .admin());
        add(
                "get",
                "/api/v1/keys",
                Operation.of("listKeys", "keys", "List keys, newest first; scope admin.")
                        .answers(200, JSON, schemas.of(KeyView.Page.class), "the keys, without their secrets")
                        .admin());
        add(
                "get",
                "/api/v1/keys/{id}",
                Operation.of("getKey", "keys", "A key; scope admin.")
                        .path("id", "of the key")
                        .answers(200, JSON, schemas.of(KeyView.class), "the key, without its secret")
                        .admin());
        add(
                "delete",
                "/api/v1/keys/{id}",
                Operation.of(
                                "revokeKey",
                                "keys",
                                "Revoke a key and end its sessions, at once; repeatable. Scope admin.")
                        .path("id", "of the key")
                        .empty(204, "revoked")
                        .admin()
                        .conflicts());
    }

    private void rest() {
        add(
                "get",
                "/api/v1",
                Operation.of("getIndex", "server", "What there is, and the server's version.")
                        .answers(200, JSON, schemas.of(IndexView.class), "links"));
        add(
                "get",
                "/api/v1/whoami",
                Operation.of("whoAmI", "server", "Whom the key of the request stands for.")
                        .answers(200, JSON, schemas.of(WhoView.class), "the caller"));
        add(
                "get",
                "/api/v1/workers",
                Operation.of("listWorkers", "server", "List the workers that are there, at work or not.")
                        .saying("A worker that was stopped or killed leaves the list within a minute.")
                        .answers(200, JSON, schemas.of(WorkerView.Page.class), "the workers"));
        add(
                "get",
                "/api/v1/storage",
                Operation.of("getStorage", "server", "Say what the tenant has in the store.")
                        .saying("It lists every object, so it needs a key with scope admin.")
                        .answers(200, JSON, schemas.of(StorageView.class), "sizes by kind and by result")
                        .admin());
        add(
                "get",
                "/openapi.json",
                Operation.of("getOpenApi", "server", "This document; /docs shows it as a page.")
                        .answers(200, JSON, JsonObject.EMPTY, "the document")
                        .open());
    }

    private JsonObject responses() {
        return JsonObject.EMPTY
                .with("BadRequest", problem("The body cannot be read as JSON."))
                .with("Unauthenticated", problem("No valid key: none, an unknown, an expired or a revoked one."))
                .with("Forbidden", problem("The key's scope does not include this."))
                .with("NotFound", problem("There is no such thing, or it belongs to another tenant."))
                .with("Conflict", problem("Its state does not allow this, or its place is taken."))
                .with("Invalid", problem("A value is outside its range; violations have a JSON pointer each."))
                .with("TooManyRequests", retry("This caller has too many requests, streams or unfinished jobs."))
                .with(
                        "Unavailable",
                        retry("The server is busy, or its database, store or control process does not answer."));
    }

    private JsonObject problem(String what) {
        return JsonObject.EMPTY
                .with("description", what)
                .with(
                        "content",
                        JsonObject.EMPTY.with(
                                Problem.MEDIA_TYPE, JsonObject.EMPTY.with("schema", schemas.of(Problem.class))));
    }

    private JsonObject retry(String what) {
        return problem(what)
                .with(
                        "headers",
                        JsonObject.EMPTY.with(
                                "Retry-After",
                                JsonObject.EMPTY
                                        .with("description", "seconds until it makes sense to try again")
                                        .with("schema", integer())));
    }

    private void add(String method, String path, Operation operation) {
        JsonObject before = paths.get(path) instanceof JsonObject old ? old : JsonObject.EMPTY;
        paths.put(path, before.with(method, operation.describe(problem("refused"))));
    }

    private static JsonObject integer() {
        return Schemas.simple("integer");
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
