package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.JobView;
import dev.quern.testing.Await;
import dev.quern.testing.TestBackends;
import dev.quern.testing.TestNamespace;
import dev.quern.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The three processes of the service as docker-compose.yml runs them, but without Docker. */
@Timeout(600)
class ProcessesIT {
    private static final Duration JOB = Duration.ofMinutes(4);
    private static final Duration GRACE = Duration.ofMinutes(1);
    /** What the JVM answers to SIGTERM: 128 + 15. */
    private static final int TERMINATED = 143;

    private static final String KEY = "quern_" + UUID.randomUUID() + UUID.randomUUID();
    private static final String REQUEST = """
            {"apiVersion":"quern/v1","source":{"path":"MODEL"},"recipe":{"ref":"rtn-w4a16"},\
            "calibration":{"samples":8,"seqLen":128},"evaluation":[{"windows":4,"seqLen":128}],\
            "outputs":[{"format":"compressed-tensors"}]}""";

    private final HttpClient http = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    @Test
    void whatIsMissingIsNamed() throws Exception {
        try (ImageProcess worker = ImageProcess.start("worker", Map.of(), folder);
                ImageProcess control = ImageProcess.start("control", Map.of(), folder);
                ImageProcess api = ImageProcess.start("api", Map.of(), folder)) {
            assertThat(worker.awaitEnd(GRACE)).isEqualTo(64);
            assertThat(worker.log()).contains("--temporal: missing (expected: host:port, here or in QUERN_TEMPORAL)");
            assertThat(control.awaitEnd(GRACE)).isEqualTo(64);
            assertThat(control.log())
                    .contains("QUERN_TEMPORAL: missing (expected: host:port)", "SPRING_DATASOURCE_URL: missing");
            assertThat(api.awaitEnd(GRACE)).isEqualTo(64);
            assertThat(api.log()).contains("QUERN_STORE: missing (expected: file:///folder or s3://bucket/prefix)");
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "quern.backends", matches = "external", disabledReason = "needs real servers")
    void theImagesCommandsRunAJobAndEndWhenAsked() throws Exception {
        try (TestPostgres database = TestPostgres.start(folder.resolve("pg"), folder);
                ImageProcess control = start("control", database);
                ImageProcess worker = start("worker", database)) {
            control.awaitHealthy();
            try (ImageProcess api = start("api", database)) {
                api.awaitHealthy();
                worker.awaitHealthy();

                assertThat(send(api, "/api/v1/jobs", "quern_guess", null).statusCode())
                        .isEqualTo(401);
                HttpResponse<String> accepted =
                        send(api, "/api/v1/jobs", KEY, REQUEST.replace("MODEL", Cli.TINY.toString()));
                assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
                JobView end = awaitEnd(api, view(accepted).id());
                assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);

                assertThat(worker.terminate(GRACE)).isEqualTo(TERMINATED);
                assertThat(control.terminate(GRACE)).isEqualTo(TERMINATED);
                assertThat(api.terminate(GRACE)).isEqualTo(TERMINATED);
            }
        }
    }

    /** With a value of ours for every variable that Compose passes. */
    private ImageProcess start(String name, TestPostgres database) throws IOException {
        Map<String, Object> service = Deployment.services(Deployment.compose(Deployment.composeText()))
                .get(name);
        Map<String, String> ours = ours(database);
        assertThat(ours).containsKeys(Deployment.environment(service).keySet().toArray(String[]::new));
        Map<String, String> environment = new HashMap<>(ours);
        environment.keySet().retainAll(Deployment.environment(service).keySet());
        return ImageProcess.start(name, environment, folder);
    }

    private static final String STORE = "/processes-" + UUID.randomUUID();
    private static String namespace = "";

    private Map<String, String> ours(TestPostgres database) throws IOException {
        String temporal = TestBackends.required("QUERN_TEST_TEMPORAL");
        if (namespace.isEmpty()) {
            namespace = TestNamespace.create(temporal);
        }
        Map<String, String> ours = new HashMap<>();
        ours.put("SPRING_DATASOURCE_URL", database.jdbcUrl());
        ours.put("SPRING_DATASOURCE_USERNAME", database.user());
        ours.put("SPRING_DATASOURCE_PASSWORD", database.password());
        ours.put("QUERN_TEMPORAL", temporal);
        ours.put("QUERN_TEMPORAL_NAMESPACE", namespace);
        ours.put("QUERN_STORE", TestBackends.required("QUERN_TEST_STORE") + STORE);
        ours.put("QUERN_SOURCES", TestBackends.required("QUERN_TEST_STORE") + "-sources");
        ours.put("QUERN_OUTPUTS", TestBackends.required("QUERN_TEST_STORE") + "-outputs");
        for (String name : new String[] {"ENDPOINT", "REGION", "ACCESS_KEY", "SECRET_KEY"}) {
            ours.put("QUERN_S3_" + name, TestBackends.required("QUERN_S3_" + name));
        }
        ours.put("QUERN_S3_PUBLIC_ENDPOINT", TestBackends.required("QUERN_S3_ENDPOINT"));
        Path key = Files.writeString(folder.resolve("key"), KEY + "\n");
        ours.put("QUERN_BOOTSTRAP_KEY_FILE", key.toString());
        return ours;
    }

    private JobView awaitEnd(ImageProcess api, String job) {
        return Await.within(JOB, "the end of job " + job)
                .until(
                        () -> view(send(api, "/api/v1/jobs/" + job, KEY, null)),
                        now -> now.state() != JobState.QUEUED && now.state() != JobState.RUNNING);
    }

    private static JobView view(HttpResponse<String> answer) {
        return RecordCodec.read(Json.parse(answer.body()), JobView.class);
    }

    /** GET without a body, POST with one. */
    private HttpResponse<String> send(ImageProcess api, String path, String key, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(api.url(path)))
                .timeout(Duration.ofSeconds(30))
                .header("Authorization", "Bearer " + key);
        if (body != null) {
            request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
