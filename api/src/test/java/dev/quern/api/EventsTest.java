package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.Job;
import dev.quern.jobs.Step;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class EventsTest {
    private static final String ENDED = "id: 3";

    private final ApiServer server = ApiServer.shared();

    @Test
    void theStreamFollowsTheLogAndEndsWithTheJob() throws Exception {
        Job job = server.job("stream");
        server.steps.project(job.id(), Step.of(1, 1, JobState.RUNNING, Stage.INSPECT));
        try (BufferedReader stream = open(job, "0")) {
            List<String> first = until(stream, line -> line.startsWith("id: 2"));
            server.steps.project(
                    job.id(), Step.of(1, 2, JobState.FAILED, Stage.INSPECT).failedWith("internal", "why"));
            List<String> rest = stream.lines().toList();

            assertThat(first).contains("retry: 1000", "id: 1", "event: state", "id: 2");
            assertThat(first).anyMatch(line -> line.startsWith("data: {\"id\":1,\"type\":\"state\",\"at\":\""));
            assertThat(rest).contains(ENDED).anyMatch(line -> line.contains("\"message\":\"why\""));
        }
    }

    @Test
    void aClientThatComesBackMissesNothing() throws Exception {
        Job job = server.job("resume");
        for (int i = 1; i <= 3; i++) {
            server.events.append(job.id(), "log", JsonObject.EMPTY.with("message", "line " + i));
        }
        try (BufferedReader stream = open(job, "1")) {
            assertThat(until(stream, line -> line.equals(ENDED)))
                    .contains("id: 2")
                    .doesNotContain("id: 1");
        }
    }

    /** A proxy or a browser must not take a quiet job for a dead connection. */
    @Test
    void anIdleStreamSendsComments() throws Exception {
        try (BufferedReader stream = open(server.job("idle"), "0")) {
            assertThat(until(stream, line -> line.equals(":"))).isNotEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"17", "-1", "abc", "99999999999999999999"})
    void anUnknownIdGetsASnapshot(String id) throws Exception {
        Job job = server.job("reset");
        server.boards.layOut(job.id(), 1, List.of("mlp.up_proj"));
        server.events.append(job.id(), "log", JsonObject.EMPTY.with("message", "x"));
        try (BufferedReader stream = open(job, id)) {
            List<String> lines = until(stream, line -> line.startsWith("data: "));

            assertThat(lines).contains("id: 1", "event: reset");
            assertThat(lines.getLast())
                    .contains("\"job\":{\"id\":\"" + job.id(), "\"layers\":{\"blocks\":1", "mlp.up_proj");
        }
    }

    @Test
    void aBrowserThatHasSeenTheEndIsSentAway() {
        Job job = server.job("over");
        server.steps.project(job.id(), Step.of(1, 1, JobState.FAILED, null));

        HttpResponse<String> again =
                server.get(path(job), server.read, "Accept", "text/event-stream", "Last-Event-ID", "1");

        assertThat(again.statusCode()).isEqualTo(204);
    }

    /** One caller gets half of the streams at most, and gets them back soon after its clients have gone. */
    @Test
    void nobodyTakesAllStreams() throws Exception {
        Job job = server.job("crowd");
        String crowd = server.key(new Principal(ApiServer.TENANT, "crowd-" + UUID.randomUUID(), Set.of(Scope.READ)));
        List<InputStream> streams = new ArrayList<>();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<InputStream> last = stream(client, job, crowd);
            for (; last.statusCode() == 200; last = stream(client, job, crowd)) {
                streams.add(last.body());
            }
            assertThat(last.statusCode()).isEqualTo(429);
            assertThat(streams).hasSizeBetween(16, 32);
            try (BufferedReader other = open(job, "0")) {
                assertThat(other.readLine()).isEqualTo("retry: 1000");
            }
            for (InputStream stream : streams) {
                stream.close();
            }
            long freed = System.nanoTime() + 10_000_000_000L;
            while (stream(client, job, crowd).statusCode() != 200) {
                assertThat(System.nanoTime()).as("still taken after 10 s").isLessThan(freed);
                Thread.sleep(100);
            }
            client.shutdownNow();
        }
    }

    private HttpResponse<InputStream> stream(HttpClient client, Job job, String key)
            throws IOException, InterruptedException {
        return client.send(
                server.request(path(job), key, "Accept", "text/event-stream").build(),
                HttpResponse.BodyHandlers.ofInputStream());
    }

    @Test
    void anAnswerWaitsForTheEndOfTheJob() {
        Job job = server.job("wait");
        CompletableFuture<HttpResponse<String>> answer =
                CompletableFuture.supplyAsync(() -> server.get("/api/v1/jobs/" + job.id() + "?wait=60", server.read));

        assertThat(answer).as("while the job runs").failsWithin(Duration.ofMillis(600));
        server.steps.project(job.id(), Step.of(1, 1, JobState.FAILED, null));

        assertThat(answer.join().body()).contains("\"state\":\"FAILED\"");
    }

    @Test
    void anAnswerWaitsNoLongerThanItWasAskedTo() {
        Job job = server.job("wait a second");

        assertThat(server.get("/api/v1/jobs/" + job.id() + "?wait=1", server.read)
                        .body())
                .contains("\"state\":\"QUEUED\"");
        assertThat(server.get("/api/v1/jobs/" + job.id() + "?wait=61", server.read)
                        .body())
                .contains("wait: 61 (expected: 0 to 60 seconds)");
    }

    /** Waiting answers and streams are of one kind: a caller with many leaves room for others. */
    @Test
    void oneCallerCannotTakeAllWaitingAnswers() {
        Job job = server.job("patient crowd");
        String crowd = server.key(new Principal(ApiServer.TENANT, "waits-" + UUID.randomUUID(), Set.of(Scope.READ)));
        String path = "/api/v1/jobs/" + job.id() + "?wait=60";
        List<CompletableFuture<Integer>> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 40; i++) {
                answers.add(CompletableFuture.supplyAsync(
                        () -> server.get(path, crowd).statusCode(), threads));
            }
            assertThat(CompletableFuture.anyOf(answers.toArray(CompletableFuture[]::new))
                            .join())
                    .as("the first to be answered")
                    .isEqualTo(429);
            assertThat(server.get("/api/v1/jobs/" + job.id() + "?wait=1", server.read)
                            .statusCode())
                    .as("another caller")
                    .isEqualTo(200);
            server.steps.project(job.id(), Step.of(1, 1, JobState.FAILED, null));
        }
        assertThat(answers).extracting(CompletableFuture::join).contains(200, 429);
    }

    @Test
    void withoutAStreamItIsAPage() {
        Job job = server.job("page");
        for (int i = 1; i <= 3; i++) {
            server.events.append(job.id(), "log", JsonObject.EMPTY.with("message", "line " + i));
        }

        String page = server.get(path(job) + "?after=1&limit=1", server.read).body();

        assertThat(page).contains("\"id\":2", "\"last\":2").doesNotContain("\"id\":1,", "\"id\":3");
        assertThat(server.get(path(job) + "?after=x", server.read).statusCode()).isEqualTo(422);
    }

    private static String path(Job job) {
        return "/api/v1/jobs/" + job.id() + "/events";
    }

    private BufferedReader open(Job job, String lastEventId) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = HttpClient.newHttpClient()
                .send(
                        server.request(
                                        path(job),
                                        server.read,
                                        "Accept",
                                        "text/event-stream",
                                        "Last-Event-ID",
                                        lastEventId)
                                .build(),
                        HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream;charset=UTF-8");
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    private static List<String> until(BufferedReader stream, Predicate<String> last) throws IOException {
        List<String> lines = new ArrayList<>();
        String line;
        while ((line = stream.readLine()) != null) {
            lines.add(line);
            if (last.test(line)) {
                return lines;
            }
        }
        return lines;
    }
}
