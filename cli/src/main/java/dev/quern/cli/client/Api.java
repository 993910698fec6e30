package dev.quern.cli.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.KeyView;
import dev.quern.recipes.view.StorageView;
import dev.quern.recipes.view.UploadView;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client of one server's REST API. Errors arrive as the {@link QuernException} that the server threw. */
public final class Api implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(60);
    private static final Duration COMPLETE = Duration.ofHours(1);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
    private final URI server;
    private final @Nullable String token;

    public Api(URI server, @Nullable String token) {
        this.server = server;
        this.token = token;
    }

    /** The same idempotency key gets the same job. */
    public JobView submit(JobRequest request, String idempotencyKey) throws InterruptedException {
        HttpRequest post = request("/api/v1/jobs")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", idempotencyKey)
                .POST(HttpRequest.BodyPublishers.ofString(Json.write(RecordCodec.write(request))))
                .build();
        return RecordCodec.read(json(post), JobView.class);
    }

    public JobView job(String id) throws InterruptedException {
        return RecordCodec.read(json(get("/api/v1/jobs/" + encode(id))), JobView.class);
    }

    /** @param filter further parameters of the query, such as {@code label=k:v} */
    public JobView.Page jobs(Map<String, String> filter, @Nullable String cursor, int limit)
            throws InterruptedException {
        StringBuilder path = new StringBuilder("/api/v1/jobs?limit=" + limit);
        filter.forEach(
                (name, value) -> path.append('&').append(name).append('=').append(encode(value)));
        if (cursor != null) {
            path.append("&cursor=").append(encode(cursor));
        }
        return RecordCodec.read(json(get(path.toString())), JobView.Page.class);
    }

    /**
     * The report of an output as the server has it.
     *
     * @param output its position in the job
     */
    public JsonValue report(String id, int output) throws InterruptedException {
        return json(get("/api/v1/jobs/" + encode(id) + "/report" + query(output)));
    }

    public void cancel(String id) throws InterruptedException {
        act(id, "cancel");
    }

    /** It stops at the block in work and keeps what it has made. */
    public void pause(String id) throws InterruptedException {
        act(id, "pause");
    }

    /** A paused job continues. */
    public void resume(String id) throws InterruptedException {
        act(id, "resume");
    }

    /** A failed job starts again, from what it has made. */
    public void retry(String id) throws InterruptedException {
        act(id, "retry");
    }

    /** Publishes a quarantined result. */
    public void approve(String id) throws InterruptedException {
        act(id, "approve");
    }

    /** A job at its end, with its results in the store. */
    public void delete(String id) throws InterruptedException {
        json(request("/api/v1/jobs/" + encode(id)).DELETE().build());
    }

    private void act(String id, String what) throws InterruptedException {
        json(request("/api/v1/jobs/" + encode(id) + "/" + what)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build());
    }

    /** What the store holds. */
    public StorageView storage() throws InterruptedException {
        return RecordCodec.read(json(get("/api/v1/storage")), StorageView.class);
    }

    /** The answer has the secret. */
    public KeyView createKey(KeyView.Request key) throws InterruptedException {
        return RecordCodec.read(json(post("/api/v1/keys", RecordCodec.write(key))), KeyView.class);
    }

    public KeyView.Page keys() throws InterruptedException {
        return RecordCodec.read(json(get("/api/v1/keys")), KeyView.Page.class);
    }

    public KeyView key(String id) throws InterruptedException {
        return RecordCodec.read(json(get("/api/v1/keys/" + encode(id))), KeyView.class);
    }

    public void revokeKey(String id) throws InterruptedException {
        json(request("/api/v1/keys/" + encode(id)).DELETE().build());
    }

    /** Which files an output has; the manifest itself is one more. */
    public Manifest files(String id, int output) throws InterruptedException {
        return RecordCodec.read(json(get("/api/v1/jobs/" + encode(id) + "/files" + query(output))), Manifest.class);
    }

    /** The bytes of one file of an output, from an offset on. The caller closes it. */
    public InputStream file(String id, int output, String name, long from) throws InterruptedException {
        HttpRequest.Builder get = request(
                        "/api/v1/jobs/" + encode(id) + "/files/" + encode(name).replace("%2F", "/") + query(output))
                .header("Accept", "*/*");
        if (from > 0) {
            get.header("Range", "bytes=" + from + "-");
        }
        HttpResponse<InputStream> response = send(get.build(), BodyHandlers.ofInputStream());
        if (response.statusCode() != (from > 0 ? 206 : 200)) {
            try (InputStream body = response.body()) {
                throw problem(response.statusCode(), body.readAllBytes());
            } catch (IOException e) {
                throw unreachable(e);
            }
        }
        return response.body();
    }

    /** Opens an upload of these files, or finds the open one. */
    public UploadView openUpload(UploadView.Request files) throws InterruptedException {
        return RecordCodec.read(json(post("/api/v1/uploads", RecordCodec.write(files))), UploadView.class);
    }

    /** Addresses that take these parts. */
    public UploadView.Parts partsOfUpload(String id, UploadView.PartsRequest parts) throws InterruptedException {
        String path = "/api/v1/uploads/" + encode(id) + "/parts";
        return RecordCodec.read(json(post(path, RecordCodec.write(parts))), UploadView.Parts.class);
    }

    /** From now on a job can name it. */
    public UploadView completeUpload(String id) throws InterruptedException {
        HttpRequest post = request("/api/v1/uploads/" + encode(id) + "/complete")
                // The server may read all of it once more.
                .timeout(COMPLETE)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        return RecordCodec.read(json(post), UploadView.class);
    }

    /** A sender of parts; addresses may be relative to the server's. */
    public PartSender sender() {
        return new PartSender(http, server);
    }

    private HttpRequest post(String path, JsonValue body) {
        return request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Json.write(body)))
                .build();
    }

    private HttpRequest get(String path) {
        return request(path).header("Accept", "application/json").GET().build();
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(server.resolve(path)).timeout(ANSWER);
        return token == null ? builder : builder.header("Authorization", "Bearer " + token);
    }

    private JsonValue json(HttpRequest request) throws InterruptedException {
        HttpResponse<byte[]> response = send(request, BodyHandlers.ofByteArray());
        if (response.statusCode() / 100 != 2) {
            throw problem(response.statusCode(), response.body());
        }
        try {
            return response.body().length == 0 ? JsonObject.EMPTY : Json.parse(response.body());
        } catch (JsonException e) {
            throw e.in(request.uri().toString(), ErrorCode.INTERNAL);
        }
    }

    private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
            throws InterruptedException {
        try {
            return http.send(request, handler);
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private QuernException unreachable(IOException cause) {
        return new QuernException(ErrorCode.UNAVAILABLE, server + ": the server cannot be reached", cause);
    }

    /** The server's problem+json, or what can be said without it. */
    private QuernException problem(int status, byte[] body) {
        try {
            if (Json.parse(body) instanceof JsonObject problem) {
                return new QuernException(code(problem, status), text(problem, "detail", "HTTP " + status));
            }
        } catch (JsonException e) {
            // Not from our server: a proxy's page, for example.
        }
        return new QuernException(
                byStatus(status), server + ": HTTP " + status + " " + new String(body, UTF_8).strip());
    }

    private static ErrorCode code(JsonObject problem, int status) {
        String slug = text(problem, "code", "").toUpperCase(Locale.ROOT).replace('-', '_');
        return Arrays.stream(ErrorCode.values())
                .filter(code -> code.name().equals(slug))
                .findFirst()
                .orElseGet(() -> byStatus(status));
    }

    private static ErrorCode byStatus(int status) {
        return switch (status) {
            case 401 -> ErrorCode.UNAUTHENTICATED;
            case 403 -> ErrorCode.FORBIDDEN;
            case 404 -> ErrorCode.NOT_FOUND;
            case 409 -> ErrorCode.CONFLICT;
            case 429 -> ErrorCode.TOO_MANY_REQUESTS;
            case 502, 503, 504 -> ErrorCode.UNAVAILABLE;
            default -> status < 500 ? ErrorCode.INVALID_REQUEST : ErrorCode.INTERNAL;
        };
    }

    private static String text(JsonObject object, String name, String otherwise) {
        return object.get(name) instanceof JsonString(String value) ? value : otherwise;
    }

    /** Says nothing of the first, as for a job that has one. */
    private static String query(int output) {
        return output == 0 ? "" : "?output=" + output;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
