package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.view.Estimate;
import dev.quern.recipes.view.JobView;
import dev.quern.testing.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a person can do with a job while it runs and after it failed, on the real stack. */
class JobsIT {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private static TestStack stack;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        stack = TestStack.start(1);
    }

    @AfterAll
    static void stop() throws IOException, InterruptedException {
        stack.close();
    }

    @Test
    void aPausedJobGoesOnWhenItIsResumed() throws IOException {
        String id;
        try (Hold middle = Hold.at(Hold.AT_SECOND_BLOCK)) {
            id = submitLarge();
            middle.await();

            Cli paused = stack.jobs("pause", id);

            assertThat(paused.code()).as(paused.err()).isZero();
            // From here on it cannot complete any more.
            stack.await(
                    id,
                    job -> job.remarks().reason() != null
                            && job.remarks().reason().code() == ReasonCode.PAUSING);
        }
        JobView still = stack.await(id, job -> job.state() == JobState.PAUSED);
        assertThat(stack.jobs("show", id).out()).contains("paused", "\ncreated ", "\nstarted ");
        assertThat(stack.jobs("resume", id).out()).contains("watch it:  quern jobs watch " + id);
        Cli watched = stack.jobs("watch", id);
        assertThat(watched.code()).as(watched.err()).isZero();
        assertThat(stack.show(id).progress().reusedBlocks())
                .isGreaterThanOrEqualTo(still.progress().blocksDone());
    }

    /** Nothing ends its wait but its owner: who looks late sees it all the same. */
    @Test
    void aJobSaysWhatItWaitsFor() {
        String id = submit("--class", "nowhere").id();
        stack.await(id, job -> job.remarks().reason() != null);
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream err = new PrintStream(said, true, UTF_8);
        PrintStream out = new PrintStream(OutputStream.nullOutputStream(), true, UTF_8);

        CompletableFuture<Integer> watch = CompletableFuture.supplyAsync(() -> Main.run(
                out, err, false, "jobs", "watch", id, "--data", stack.data().toString()));

        Await.within(PATIENCE, "what the job waits for")
                .until(() -> said.toString(UTF_8), line -> line.contains(" since ") || watch.isDone());
        assertThat(said.toString(UTF_8)).contains("waiting for worker since ", "class nowhere");
        assertThat(stack.jobs("cancel", id).code()).isZero();
        assertThat(watch.join()).isEqualTo(1);
    }

    @Test
    void aFailedJobCanBeRetried() {
        String id = submit("--class", "nowhere", "--max-pending", "1").id();
        Cli failed = stack.jobs("watch", id);
        assertThat(failed.code()).as(failed.err()).isEqualTo(1);
        assertThat(failed.out()).contains("failed: ");
        Instant end = stack.show(id).times().finishedAt();

        Cli retried = stack.jobs("retry", id);

        assertThat(retried.code()).as(retried.err()).isZero();
        // It waits once more, for nobody: an end of its own, after the first.
        assertThat(stack.jobs("watch", id).code()).isEqualTo(1);
        assertThat(stack.show(id).times().finishedAt()).isAfter(end);
    }

    @Test
    void jobsWithoutAResultAreDeletedOnlyWithYes() {
        String failed = submit("--class", "nowhere", "--max-pending", "1").id();
        String completed = submit("--recipe", "rtn-w4a16").id();
        assertThat(stack.jobs("watch", failed).code()).isEqualTo(1);
        assertThat(stack.jobs("watch", completed).code()).isZero();

        assertThat(gc().out()).as("younger than a week").doesNotContain(failed.substring(0, 8));
        assertThat(gc("--older-than", "0").out())
                .contains(failed.substring(0, 8), "--yes deletes them")
                .doesNotContain(completed.substring(0, 8));
        assertThat(stack.show(failed).state()).isEqualTo(JobState.FAILED);

        Cli deleted = gc("--older-than", "0", "--yes");

        assertThat(deleted.out()).contains(failed.substring(0, 8), " deleted");
        assertThat(stack.jobs("show", failed).code()).isEqualTo(65);
        assertThat(stack.show(completed).state()).isEqualTo(JobState.COMPLETED);
        assertThat(gc("--older-than", "-1").err()).contains("--older-than: -1 (expected: 0 or more days)");
    }

    private static Cli gc(String... options) {
        return Cli.run(Stream.concat(Stream.of("gc", "--data", stack.data().toString()), Stream.of(options))
                .toArray(String[]::new));
    }

    @Test
    void whatAJobsStateForbidsExits65() {
        String id = submit("--recipe", "rtn-w4a16").id();
        assertThat(stack.jobs("watch", id).code()).isZero();

        for (String action : List.of("pause", "resume", "retry")) {
            Cli refused = stack.jobs(action, id);
            assertThat(refused.code()).as(action).isEqualTo(65);
            assertThat(refused.err()).as(action).contains("expected");
        }
    }

    @Test
    void inspectSaysWhatTheServerEstimates() throws IOException, InterruptedException {
        Cli inspected =
                Cli.run("inspect", Cli.TINY.toString(), "--samples", "16", "--threads", "1", "--output", "json");

        Estimate here = RecordCodec.read(((JsonObject) inspected.json()).get("estimate"), Estimate.class);
        Estimate server = RecordCodec.read(estimate(), Estimate.class);
        // Both measure the device, each at another moment.
        assertThat(here.sizes()).isEqualTo(server.sizes());
        assertThat(here.work()).isEqualTo(server.work());
        assertThat(here.outputs()).isEqualTo(server.outputs());
    }

    private static JsonValue estimate() throws IOException, InterruptedException {
        JobRequest request = new JobRequest(
                JobRequest.API_VERSION,
                JobRequest.Source.onServer(Cli.TINY.toString()),
                null,
                new JobRequest.RecipeChoice("gptq-w4a16", null),
                JobRequest.Calibration.of(null, 16, null),
                List.of(),
                List.of(new JobRequest.Output("compressed-tensors", null, null)),
                null,
                new JobRequest.Naming(Map.of(), null),
                false,
                null,
                null);
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create(stack.lease().stack().url() + "/api/v1/estimate"))
                            .header("Authorization", "Bearer " + stack.lease().token())
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(Json.write(RecordCodec.write(request))))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            return Json.parse(answer.body());
        }
    }

    private static JobView submit(String... options) {
        return stack.submit(16, 128, options);
    }

    /** One that takes long enough to be stopped in the middle. */
    private static String submitLarge() {
        return stack.submit(64, 512).id();
    }
}
