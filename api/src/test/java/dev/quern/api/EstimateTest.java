package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.installation.EstimateRepository;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.Estimate;
import dev.quern.testing.Await;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The api's side of an estimate; the control process's side is its own test. */
class EstimateTest {
    private static final Estimate ESTIMATE = new Estimate(
            new Estimate.Work(2, 8, 4, 3, 0, 4096),
            new Estimate.Sizes(1_000, 4.1, 2_000, 600, 5_000, 7_000),
            true,
            90,
            Map.of("compress", 80.0, "evaluate", 10.0),
            List.of(new Estimate.Output("gptq-w4a16", 1, 4.5)));

    private final ApiServer server = ApiServer.shared();
    private final EstimateRepository questions = new EstimateRepository(server.db);

    @Test
    void anEstimateIsWhatTheControlProcessAnswers() throws Exception {
        HttpResponse<String> answer = ask(
                RestTest.BODY, question -> questions.answer(question.id(), Json.write(RecordCodec.write(ESTIMATE))));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(RecordCodec.read(Json.parse(answer.body()), Estimate.class)).isEqualTo(ESTIMATE);
    }

    @Test
    void aRefusalIsHandedOn() throws Exception {
        HttpResponse<String> answer = ask(
                RestTest.BODY,
                question -> questions.refuse(question.id(), "MEMORY_BUDGET", "memory: 9 GB needed (expected: 4 GB)"));

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("\"code\":\"memory-budget\"", "9 GB needed");
    }

    @Test
    void whatASubmissionWouldRefuseIsRefusedWithoutAsking() {
        HttpResponse<String> wrong =
                server.post("/api/v1/estimate", server.admin, RestTest.BODY.replace("gptq-w4a16", "gptq-w5"));
        HttpResponse<String> path = server.post("/api/v1/estimate", server.submit, RestTest.BODY);

        assertThat(wrong.statusCode()).isEqualTo(422);
        assertThat(wrong.body()).contains("/recipe/ref");
        assertThat(path.statusCode()).isEqualTo(403);
    }

    private HttpResponse<String> ask(String body, Consumer<EstimateRepository.Question> desk) throws Exception {
        CompletableFuture<HttpResponse<String>> answer =
                CompletableFuture.supplyAsync(() -> server.post("/api/v1/estimate", server.admin, body));
        EstimateRepository.Question question = Await.within(Duration.ofMinutes(1), "a question to the desk")
                .until(() -> questions.take(Duration.ofHours(1)), asked -> asked.isPresent() || answer.isDone())
                .orElseThrow();
        assertThat(question.tenant()).isEqualTo("default");
        desk.accept(question);
        return answer.get();
    }
}
