package dev.quern.api.openapi;

import dev.quern.api.problem.Problem;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.Estimate;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView;
import dev.quern.recipes.view.UploadView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The OpenAPI document: operations are listed here, schemas come from the records that the API reads and writes. */
final class Description {
    static final String VERSION = "1.0.0";
    private static final String JSON = "application/json";

    private final Schemas schemas = new Schemas();
    private final Map<String, JsonObject> paths = new LinkedHashMap<>();

    /** One operation; its answer is null for a body that is not JSON. */
    private record Operation(
            String method,
            String path,
            String summary,
            int status,
            @Nullable Class<?> answer,
            String mediaType,
            List<JsonObject> parameters,
            @Nullable Class<?> body) {}

    static JsonObject document() {
        return new Description().build();
    }

    private JsonObject build() {
        jobs();
        uploads();
        results();
        Map<String, JsonValue> ordered = new LinkedHashMap<>(paths);
        JsonObject components = JsonObject.EMPTY
                .with("schemas", schemas.all())
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
                                .with("description", "Compresses large language models, offline, as durable jobs."))
                .with("security", new JsonArray(List.of(security)))
                .with("paths", new JsonObject(ordered))
                .with("components", components);
    }

    private void jobs() {
        add(
                "post",
                "/api/v1/jobs",
                "Submit a job; 202 with its location. The same Idempotency-Key with the same body is the same job.",
                202,
                JobView.class,
                JSON,
                JobRequest.class,
                header("Idempotency-Key", "string"));
        add(
                "get",
                "/api/v1/jobs",
                "List jobs, newest first.",
                200,
                JobView.Page.class,
                JSON,
                null,
                query("cursor", "string"),
                query("limit", "integer"),
                query("state", "string"),
                query("label", "string"));
        add(
                "post",
                "/api/v1/estimate",
                "What a job would take: time per stage, memory, scratch and size of the result.",
                200,
                Estimate.class,
                JSON,
                JobRequest.class);
        add("get", "/api/v1/jobs/{id}", "A job.", 200, JobView.class, JSON, null);
        add(
                "get",
                "/api/v1/jobs/{id}/layers",
                "The board: a cell per linear of each block.",
                200,
                LinearView.Board.class,
                JSON,
                null);
        add(
                "get",
                "/api/v1/jobs/{id}/events",
                "The log: as server-sent events where the client accepts them, else a page of it.",
                200,
                type("dev.quern.api.rest.EventsController$EventPage"),
                JSON,
                null,
                query("after", "integer"),
                query("limit", "integer"),
                header("Last-Event-ID", "string"));
        act("cancel", "Ask a job to stop; 409 when it is at its end.");
        act(
                "pause",
                "Ask a job to stand still; what exists stays. 409 when it is at its end or about to be cancelled.");
        act("resume", "Ask a paused job to go on. 409 when it is at its end or about to be cancelled.");
        act("retry", "Queue a failed job again; it makes only what is missing. 409 when it has not failed.");
        add(
                "post",
                "/api/v1/jobs/{id}/approve",
                "Publish a quarantined result; scope admin.",
                202,
                JobView.class,
                JSON,
                null);
    }

    private void act(String verb, String summary) {
        add("post", "/api/v1/jobs/{id}/" + verb, summary, 202, JobView.class, JSON, null);
    }

    private void uploads() {
        add(
                "post",
                "/api/v1/uploads",
                "Announce the files of a checkpoint; the same files, while their upload is open, are that upload.",
                201,
                UploadView.class,
                JSON,
                UploadView.Request.class);
        add("get", "/api/v1/uploads/{id}", "What is there of an upload.", 200, UploadView.class, JSON, null);
        add(
                "post",
                "/api/v1/uploads/{id}/parts",
                "Addresses that take parts by PUT until they expire.",
                200,
                UploadView.Parts.class,
                JSON,
                UploadView.PartsRequest.class);
        add(
                "post",
                "/api/v1/uploads/{id}/complete",
                "Check sizes and digests of all files; 409 where parts are missing, 422 where a file is another.",
                200,
                UploadView.class,
                JSON,
                null);
        add(
                "put",
                "/api/v1/uploads/parts",
                "Take a part, where the address of one leads here; 403 when it has expired.",
                200,
                null,
                JSON,
                null,
                query("token", "string"));
    }

    private void results() {
        add(
                "get",
                "/api/v1/jobs/{id}/report",
                "The report of an output, the first unless told otherwise; as a page where the client accepts text/html.",
                200,
                Report.class,
                JSON,
                null,
                query("output", "integer"));
        add(
                "get",
                "/api/v1/jobs/{id}/files",
                "The manifest of an output: files with size and SHA-256.",
                200,
                Manifest.class,
                JSON,
                null,
                query("output", "integer"));
        add(
                "get",
                "/api/v1/jobs/{id}/files/{name}",
                "A file of an output, whole or one range of it.",
                200,
                null,
                "application/octet-stream",
                null,
                query("output", "integer"),
                header("Range", "string"));
        add(
                "get",
                "/api/v1/recipes",
                "The catalogue.",
                200,
                type("dev.quern.api.rest.RecipesController$Catalogue"),
                JSON,
                null);
        add("get", "/openapi.json", "This document.", 200, null, JSON, null);
    }

    private void add(
            String method,
            String path,
            String summary,
            int status,
            @Nullable Class<?> answer,
            String mediaType,
            @Nullable Class<?> body,
            JsonObject... parameters) {
        List<JsonObject> all = new ArrayList<>();
        for (String name : path.split("/", -1)) {
            if (name.startsWith("{")) {
                all.add(parameter(name.substring(1, name.length() - 1), "path", "string")
                        .with("required", true));
            }
        }
        all.addAll(List.of(parameters));
        Operation operation = new Operation(method, path, summary, status, answer, mediaType, all, body);
        paths.merge(
                path,
                JsonObject.EMPTY.with(method, describe(operation)),
                (old, added) -> old.with(method, describe(operation)));
    }

    private JsonObject describe(Operation operation) {
        JsonObject described = JsonObject.EMPTY
                .with("summary", operation.summary())
                .with("parameters", new JsonArray(List.copyOf(operation.parameters())));
        Class<?> body = operation.body();
        if (body != null) {
            described = described.with(
                    "requestBody", content(JSON, schemas.of(body)).with("required", true));
        }
        Class<?> answer = operation.answer();
        JsonObject schema = answer == null ? JsonObject.EMPTY : schemas.of(answer);
        return described.with(
                "responses",
                JsonObject.EMPTY
                        .with(
                                Integer.toString(operation.status()),
                                content(operation.mediaType(), schema).with("description", "done"))
                        .with(
                                "default",
                                content(Problem.MEDIA_TYPE, schemas.of(Problem.class))
                                        .with("description", "refused")));
    }

    private static JsonObject content(String mediaType, JsonObject schema) {
        return JsonObject.EMPTY.with(
                "content", JsonObject.EMPTY.with(mediaType, JsonObject.EMPTY.with("schema", schema)));
    }

    private static JsonObject query(String name, String type) {
        return parameter(name, "query", type);
    }

    private static JsonObject header(String name, String type) {
        return parameter(name, "header", type);
    }

    private static JsonObject parameter(String name, String in, String type) {
        return JsonObject.EMPTY.with("name", name).with("in", in).with("schema", Schemas.simple(type));
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
