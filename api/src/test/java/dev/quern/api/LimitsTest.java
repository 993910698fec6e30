package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.installation.EstimateRepository;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** What a server answers that has too much to do, no database, or nobody to ask. */
class LimitsTest {
    private final ApiServer shared = ApiServer.shared();

    @Test
    void aFullQueueIsTooManyRequests() throws Exception {
        shared.job("fills the queue");
        try (ConfigurableApplicationContext server =
                start(shared.databaseUrl(), shared.databasePassword(), "--quern.max-unfinished-jobs=1")) {
            HttpResponse<String> answer = send(request(server, "/api/v1/jobs")
                    .POST(HttpRequest.BodyPublishers.ofString(RestTest.BODY))
                    .header("Content-Type", "application/json"));

            assertThat(answer.statusCode()).isEqualTo(429);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            assertThat(answer.body()).contains("\"code\":\"too-many-requests\"", "unfinished (expected: fewer than 1)");
        }
    }

    @Test
    void withoutItsDatabaseItIsUnavailableAndSaysSo() throws Exception {
        // Port 1 of loopback: nobody listens.
        try (ConfigurableApplicationContext server = start(
                "jdbc:postgresql://127.0.0.1:1/none", "none", "--spring.datasource.hikari.connection-timeout=300")) {
            HttpResponse<String> answer = send(request(server, "/api/v1/jobs").GET());

            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            assertThat(answer.body()).contains("\"code\":\"unavailable\"").doesNotContain("127.0.0.1:1");
            assertThat(send(request(server, "/health").GET()).statusCode()).isEqualTo(503);
            assertThat(send(request(server, "/health/liveness").GET()).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void withoutAControlProcessAnEstimateEnds() throws Exception {
        try (ConfigurableApplicationContext server =
                start(shared.databaseUrl(), shared.databasePassword(), "--quern.estimate=1s")) {
            HttpResponse<String> answer = send(request(server, "/api/v1/estimate")
                    .POST(HttpRequest.BodyPublishers.ofString(RestTest.BODY))
                    .header("Content-Type", "application/json"));

            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.body()).contains("\"code\":\"unavailable\"", "expected: a control process that runs");
            assertThat(new EstimateRepository(shared.db).take(Duration.ZERO))
                    .as("left behind")
                    .isEmpty();
        }
    }

    private ConfigurableApplicationContext start(String url, String password, String option) {
        return new SpringApplicationBuilder(ApiApplication.class)
                .registerShutdownHook(false)
                .run(
                        "--server.port=0",
                        "--spring.datasource.url=" + url,
                        "--spring.datasource.username=quern",
                        "--spring.datasource.password=" + password,
                        option);
    }

    private HttpRequest.Builder request(ConfigurableApplicationContext server, String path) {
        String port = server.getEnvironment().getRequiredProperty("local.server.port");
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + shared.admin);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
