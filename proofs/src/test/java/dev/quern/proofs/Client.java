package dev.quern.proofs;

import dev.quern.cli.client.Api;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.Yaqa;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;

/** Talks to whatever life of an installation runs; every call fails while none answers. */
record Client(Installation installation, HttpClient http) {
    private static final String RECIPE = "gptq-w4a16";
    private static final Recipe INDEPENDENT =
            Recipes.read("apiVersion: quern/v1\npropagation: independent\nextends: " + RECIPE);
    private static final Duration ANSWER = Duration.ofSeconds(20);

    /** An entry of a job's log. */
    record Event(long id, String type) {
        /** Whether it reports finished work: blocks are reported late, and waiting is no work. */
        boolean progress() {
            return type.equals("state") || type.equals("stage");
        }
    }

    /** A job with the built-in texts, whose blocks do not depend on each other. */
    static JobRequest request(Path model, int windows, int tokens, int segments) {
        return request(model, new JobRequest.RecipeChoice(null, INDEPENDENT), windows, tokens, segments);
    }

    /** The same with the recipe's blocks made one after the other, each by the workers that are there. */
    static JobRequest sequential(Path model, int windows, int tokens, int segments) {
        return request(model, new JobRequest.RecipeChoice(RECIPE, null), windows, tokens, segments);
    }

    /** The same with half of the weights pruned, one block after the other. */
    static JobRequest pruned(Path model, int windows, int tokens, int segments) {
        return request(model, new JobRequest.RecipeChoice("obr-w4s50", null), windows, tokens, segments);
    }

    /** The same with a recipe that needs gradients, however few windows there are. */
    static JobRequest gradients(Path model, int windows, int tokens, int segments) {
        Recipe usual = Recipes.find("yaqa-w4a16");
        Yaqa few = new Yaqa(Yaqa.InputFactor.FISHER, 0.01, List.of(0.0, 0.5), 1, null, Recipe.Order.STATIC, 0);
        Recipe recipe = new Recipe("gradients", usual.propagation(), usual.grid(), few, usual.reproducible());
        return request(model, new JobRequest.RecipeChoice(null, recipe), windows, tokens, segments);
    }

    /** The same with a recipe that needs gradients and makes one block after the other. */
    static JobRequest lite(Path model, int windows, int tokens, int segments) {
        return request(model, new JobRequest.RecipeChoice("yaqa-lite-w4a16", null), windows, tokens, segments);
    }

    private static JobRequest request(
            Path model, JobRequest.RecipeChoice recipe, int windows, int tokens, int segments) {
        return new JobRequest(
                JobRequest.API_VERSION,
                JobRequest.Source.onServer(model.toString()),
                null,
                recipe,
                JobRequest.Calibration.of(null, windows, tokens),
                List.of(JobRequest.Evaluation.of(null, 2, 128)),
                List.of(new JobRequest.Output("compressed-tensors", null, null)),
                null,
                new JobRequest.Naming(Map.of(), null),
                true,
                new JobRequest.Placement(null, segments),
                null);
    }

    static boolean over(JobView job) {
        return job.state().terminal();
    }

    /** Sends the same request with the same key until it is answered, as a careful client does. */
    String submit(JobRequest request, Duration limit) throws InterruptedException {
        String key = UUID.randomUUID().toString();
        AtomicReference<JobView> job = new AtomicReference<>();
        Patience.until(limit, () -> {
            try (Api api = api()) {
                job.set(api.submit(request, key));
                return true;
            }
        });
        return Objects.requireNonNull(job.get(), "nobody took the request").id();
    }

    JobView job(String id) throws InterruptedException {
        try (Api api = api()) {
            return api.job(id);
        }
    }

    Report report(String id) throws InterruptedException {
        try (Api api = api()) {
            return RecordCodec.read(api.report(id, 0), Report.class);
        }
    }

    /** A job has far fewer than the thousand that one answer holds. */
    List<Event> events(String id, long after) throws InterruptedException {
        try {
            HttpRequest get = HttpRequest.newBuilder(
                            server().resolve("/api/v1/jobs/" + id + "/events?limit=1000&after=" + after))
                    .timeout(ANSWER)
                    .header("Authorization", "Bearer " + installation.token())
                    .build();
            JsonObject page = (JsonObject)
                    Json.parse(http.send(get, BodyHandlers.ofByteArray()).body());
            return ((JsonArray) Objects.requireNonNull(page.get("events")))
                    .values().stream().map(Client::event).toList();
        } catch (IOException e) {
            throw new QuernException(ErrorCode.UNAVAILABLE, "events of " + id, e);
        }
    }

    private static Event event(JsonValue value) {
        JsonObject event = (JsonObject) value;
        return new Event(
                ((JsonNumber) Objects.requireNonNull(event.get("id"))).longValue(),
                ((JsonString) Objects.requireNonNull(event.get("type"))).value());
    }

    private Api api() {
        try {
            return new Api(server(), installation.token());
        } catch (IOException e) {
            throw new QuernException(ErrorCode.UNAVAILABLE, "no key", e);
        }
    }

    private URI server() {
        return installation.api().orElseThrow(() -> new QuernException(ErrorCode.UNAVAILABLE, "no API runs"));
    }
}
