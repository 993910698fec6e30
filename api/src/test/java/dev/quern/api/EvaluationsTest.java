package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.Job;
import dev.quern.jobs.Step;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Evaluations of finished results over HTTP, and their pages. */
class EvaluationsTest {
    private static final String BODY = """
            {"apiVersion":"quern/v1","source":{"path":"/models/tiny"},"result":%s}""";
    private static final String FOLDER = "{\"path\":\"/models/tiny-small\"}";

    private final ApiServer server = ApiServer.shared();

    @Test
    void acceptsAnEvaluation() {
        JobView job = submitted(FOLDER);

        assertThat(job.work().model()).isEqualTo("/models/tiny");
        assertThat(job.work().result()).isEqualTo("/models/tiny-small");
        assertThat(job.first().recipe()).isEqualTo("evaluation");
        assertThat(job.outputs())
                .singleElement()
                .returns("evaluation", JobView.Output::recipe)
                .returns(null, JobView.Output::parameters);
        assertThat(Objects.requireNonNull(job.detail().request()).outputs())
                .extracting(JobRequest.Output::format)
                .containsExactly("evaluation");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | /result | result: empty (expected: exactly one of path, uri and upload)",
                "{'path':'small'} | /result/path | result.path: small (expected: an absolute path on the server)",
                "{'path':'/a','job':'J'} | /result | result: several (expected: exactly one of path, uri, upload and job)",
                "{'job':'7'} | /result/job | result.job: 7 (expected: the id of a job)",
                "{'job':'J'} | /result/job | result.job: J (expected: the id of a job that compressed a model and has its result)",
                "{'upload':'J'} | /result/upload | result.upload: J (expected: the id of a completed upload)",
                "{'uri':'s3://elsewhere/a'} | /result/uri | result.uri: s3://elsewhere/a (expected: ",
                "{'path':'/a'},'recipe':{'ref':'gptq-w4a16'} | /recipe | recipe: given (expected: none with a result",
                "{'path':'/a'},'calibration':{'samples':8} | /calibration | calibration: given (expected: none with a result)",
                "{'path':'/a'},'outputs':[{'format':'gguf'}] | /outputs/0/format | outputs.0.format: gguf (expected: evaluation)"
            })
    void refusesWhatIsNoEvaluation(String result, String pointer, String message) {
        String id = "01999a4e-77aa-7c1e-9d3e-5a1de3a0c1aa";
        String spelled = result.replace('\'', '"').replace("\"J\"", "\"" + id + "\"");

        for (String route : List.of("/api/v1/jobs", "/api/v1/estimate")) {
            HttpResponse<String> answer = server.post(route, server.admin, BODY.formatted(spelled));

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
            assertThat(answer.body())
                    .contains("\"pointer\":\"" + pointer + "\"", message.replace(": J ", ": " + id + " "));
        }
    }

    @Test
    void aRequestWithNeitherRecipeNorResultIsRefused() {
        HttpResponse<String> answer = server.post(
                "/api/v1/jobs", server.admin, "{\"apiVersion\":\"quern/v1\",\"source\":{\"path\":\"/models/tiny\"}}");

        assertThat(answer.statusCode()).isEqualTo(422);
        assertThat(answer.body()).contains("recipe: missing (expected: a recipe, or a result to evaluate)");
    }

    /** A result in the store is named by its job. */
    @Test
    void aJobsResultIsEvaluatedOnceItIsThere() {
        Job made = server.job("made");
        String result = "{\"job\":\"" + made.id() + "\",\"name\":\"small\"}";
        assertThat(server.post("/api/v1/jobs", server.admin, BODY.formatted(result))
                        .statusCode())
                .isEqualTo(422);

        server.outputs.published(made.id(), 0, "t/default/quarantine/" + made.id() + "/", "sha", false);

        assertThat(submitted(result).work().result()).isEqualTo("job:" + made.id() + "/small");
    }

    /** Files of the server are for its owners alone. */
    @Test
    void aFolderOfTheServerNeedsAnAdmin() {
        String upload = server.upload("config.json", "model.safetensors");
        String body = "{\"apiVersion\":\"quern/v1\",\"source\":{\"upload\":\"" + upload + "\"},\"result\":%s}";

        assertThat(server.post("/api/v1/jobs", server.submit, body.formatted(FOLDER))
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.post("/api/v1/jobs", server.submit, body.formatted("{\"upload\":\"" + upload + "\"}"))
                        .statusCode())
                .isEqualTo(202);
    }

    /** No board, no blocks, no command that loads a model: before, while and after it is measured. */
    @Test
    void itsPageShowsWhatAnEvaluationHas() {
        UUID id = UUID.fromString(submitted(FOLDER).id());
        String[] absent = {
            "Error of every linear",
            "The board comes",
            "linears",
            "compress<",
            "assemble<",
            "Use this model",
            "Largest errors",
            "Calibration<"
        };
        server.steps.project(id, Step.of(1, 1, JobState.RUNNING, Stage.PLAN));
        server.steps.project(id, Step.of(1, 2, JobState.RUNNING, Stage.EVALUATE));
        assertThat(page(id))
                .contains(
                        "tiny-small · evaluation",
                        "/models/tiny-small · against /models/tiny",
                        ">evaluate<",
                        ">publish<")
                .doesNotContain(absent);
        assertThat(server.jobs.find(id).orElseThrow().progress().percent()).isLessThan(10);

        server.reports.put(id, 0, Json.write(RecordCodec.write(report(id))));
        server.outputs.published(id, 0, "t/default/outputs/" + id + "/", "9f".repeat(32), true);
        server.steps.project(id, Step.of(1, 3, JobState.COMPLETED, Stage.PUBLISH));

        assertThat(page(id))
                .contains(
                        "0.009880", "KL to the original", "quern jobs download " + id + " --out tiny-small-evaluation")
                .doesNotContain(absent);
        assertThat(server.get("/", server.admin).body()).contains("tiny-small · evaluation");
        assertThat(live(id)).doesNotContain("board-box", "id=\"summary\"");
    }

    private static Report report(UUID id) {
        return new Report(
                new Report.Head(Report.SCHEMA, id.toString(), null, "tiny-small"),
                new Report.Model("tiny", "3c".repeat(32), "9f".repeat(32), "llama", 4, 1_000),
                null,
                new Report.Calibration("none", 0, 0, 0, "", null),
                new Report.Plan(4096, 0, "b7".repeat(32), "openblas", 3, 1, 0),
                List.of(),
                List.of(new Report.Evaluation(
                        "a.txt", 38.292, 38.701, 0.00988, 0.0861, 0.9342, 32_704, 512, "d0", null, null)),
                new Report.Sizes(16, 5, 6, 4.156),
                new Report.Times(java.util.Map.of("EVALUATE", 12.0), java.util.Map.of()),
                new Report.Origin(java.util.Map.of("quern", "0.1.0"), List.of()),
                new Report.Verdict(true, dev.quern.recipes.Gate.NONE, List.of()),
                List.of());
    }

    private JobView submitted(String result) {
        HttpResponse<String> answer = server.post("/api/v1/jobs", server.admin, BODY.formatted(result));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return RecordCodec.read(Json.parse(answer.body()), JobView.class);
    }

    private String page(UUID id) {
        return server.get("/jobs/" + id, server.admin).body();
    }

    private String live(UUID id) {
        return server.get("/jobs/" + id + "/live?after=0&blocks=0", server.admin)
                .body();
    }
}
