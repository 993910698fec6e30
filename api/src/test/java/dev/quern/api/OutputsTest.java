package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.quern.jobs.Job;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Comparison;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.StorageView;
import java.net.http.HttpResponse;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs with several outputs over HTTP. */
class OutputsTest {
    private static final String BODY = """
            {"apiVersion":"quern/v1","source":{"path":"/models/tiny"},"recipe":{"ref":"gptq-w4a16"},"outputs":[%s]}""";
    private static final String FIRST = "{\"format\":\"compressed-tensors\"}";
    private static final String SECOND = "{\"format\":\"compressed-tensors\",\"recipe\":{\"ref\":\"gptq-w3a16\"}}";

    private final ApiServer server = ApiServer.shared();

    @Test
    void eachOutputHasItsRecipeAndItsPlace() {
        JobView job = submitted(FIRST + "," + SECOND);

        assertThat(job.first().recipe()).isEqualTo("gptq-w4a16-independent");
        assertThat(job.outputs())
                .extracting(JobView.Output::recipe, JobView.Output::prefix, JobView.Output::accepted)
                .containsExactly(
                        tuple("gptq-w4a16-independent", job.id(), null),
                        tuple("gptq-w3a16-independent", job.id() + "-gptq-w3a16-independent", null));
        assertThat(job.outputs())
                .extracting(
                        output -> Objects.requireNonNull(output.parameters()).name())
                .containsExactly("gptq-w4a16-independent", "gptq-w3a16-independent");
        assertThat(submitted(SECOND).outputs())
                .singleElement()
                .returns("gptq-w3a16", JobView.Output::recipe)
                .returns(true, output -> output.prefix().length() == job.id().length());
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                " | /outputs | outputs: 0 outputs (expected: 1 to 4)",
                "A,B,A,B,A | /outputs | outputs: 5 outputs (expected: 1 to 4)",
                "A,A | /outputs/1/recipe | outputs.1.recipe: gptq-w4a16-independent (expected: another recipe than that of outputs[0])",
                "A,{R,'recipe':{}} | /outputs/1/recipe | outputs.1.recipe: empty (expected: either ref or inline)",
                "A,{R,'recipe':{'ref':'gptq-w5'}} | /outputs/1/recipe/ref | outputs.1.recipe.ref: gptq-w5 (expected one of: ",
                "A,{R,'recipe':{'ref':'rtn-w4a16'}} | /outputs/1/recipe | outputs.1.recipe: rtn-w4a16 (expected: one that needs calibration",
                "A,{R,'recipe':{'inline':S}} | /outputs/1/recipe | outputs.1.recipe: mine (expected: one with propagation: independent",
                "A,{R,'recipe':{'inline':N}} | /outputs/1/recipe | outputs.1.recipe: my own (expected: a name of letters",
                "A,{R,'recipe':{'inline':D}} | /outputs/1/recipe | outputs.1.recipe: GPTQ-W4A16-INDEPENDENT (expected: another recipe than that of outputs[0])",
                "A,{R,'recipe':{'ref':'gptq-w3a16'},'prefix':'../b'} | /outputs/1/prefix | outputs.1.prefix: ../b (expected: letters",
                "A,{R,'recipe':{'ref':'gptq-w3a16'},'uri':'s3://else/b'} | /outputs/1/uri | outputs.1.uri: s3://else/b (expected: "
            })
    void refusesOutputsThatOneWalkCannotMake(String outputs, String pointer, String message) {
        HttpResponse<String> answer = submit(spelled(outputs == null ? "" : outputs));
        HttpResponse<String> estimate =
                server.post("/api/v1/estimate", server.admin, BODY.formatted(spelled(outputs == null ? "" : outputs)));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
        assertThat(answer.body()).contains("\"pointer\":\"" + pointer + "\"", message);
        assertThat(estimate.body()).contains(message);
    }

    /** The short forms of the table above. */
    private static String spelled(String outputs) {
        String inline = "{'apiVersion':'quern/v1','name':'%s','propagation':'%s','grid':{'bits':%d,'groupSize':128,"
                + "'symmetric':true,'clipSearch':'none'},'rounding':{'method':'gptq','order':'static','damping':0.01}}";
        return outputs.replaceAll("\\bA\\b", FIRST)
                .replaceAll("\\bB\\b", SECOND)
                .replace("{R,", "{'format':'compressed-tensors',")
                .replace("'inline':S", "'inline':" + inline.formatted("mine", "sequential", 3))
                .replace("'inline':N", "'inline':" + inline.formatted("my own", "independent", 3))
                .replace("'inline':D", "'inline':" + inline.formatted("GPTQ-W4A16-INDEPENDENT", "independent", 3))
                .replace('\'', '"');
    }

    @Test
    void twoOutputsCannotShareAPlace() {
        String prefix = ",\"prefix\":\"p-" + UUID.randomUUID() + "\"}";
        String uri = ",\"uri\":\"s3://results/" + UUID.randomUUID();

        HttpResponse<String> same = submit(with(FIRST, prefix) + "," + with(SECOND, prefix));
        HttpResponse<String> within = submit(with(FIRST, uri + "\"}") + "," + with(SECOND, uri + "/deeper\"}"));

        assertThat(same.statusCode()).as(same.body()).isEqualTo(409);
        assertThat(same.body()).contains("\"code\":\"output-taken\"", "/outputs/1/prefix");
        assertThat(within.statusCode()).as(within.body()).isEqualTo(409);
        assertThat(within.body()).contains("/outputs/1/uri");
    }

    @Test
    void eachOutputHasItsReportAndItsFiles() throws Exception {
        SampleJob sample = finished();
        String path = "/api/v1/jobs/" + sample.job().id();

        assertThat(recipe(path + "/report")).isEqualTo("gptq-w4a16-independent");
        assertThat(recipe(path + "/report?output=1")).isEqualTo("gptq-w3a16-independent");
        assertThat(server.get(path + "/files", server.read).body()).contains("safetensors");
        assertThat(server.get(path + "/files?output=1", server.read).body()).contains("safetensors");
        assertThat(server.get(path + "/files/" + Manifest.NAME + "?output=1", server.read)
                        .statusCode())
                .isEqualTo(200);
        for (String what : new String[] {"/report", "/files", "/files/config.json"}) {
            for (int output : new int[] {-1, 2}) {
                HttpResponse<String> missing = server.get(path + what + "?output=" + output, server.read);
                assertThat(missing.statusCode()).isEqualTo(404);
                assertThat(missing.body()).contains("output: " + output + " (expected: 0 to 1)");
            }
        }
        assertThat(RecordCodec.read(Json.parse(server.get(path, server.read).body()), JobView.class)
                        .outputs())
                .extracting(JobView.Output::accepted)
                .containsExactly(true, false);
    }

    @Test
    void storageNamesTheJobOfEachResult() throws Exception {
        SampleJob sample = finished();
        String job = sample.job().id().toString();

        StorageView storage = RecordCodec.read(
                Json.parse(server.get("/api/v1/storage", server.admin).body()), StorageView.class);

        assertThat(storage.results())
                .filteredOn(result -> job.equals(result.job()))
                .extracting(StorageView.Result::place)
                .containsExactlyInAnyOrder("outputs/" + job, "quarantine/" + job + "-1");
        assertThat(storage.results()).extracting(StorageView.Result::bytes).allMatch(bytes -> bytes > 0);
        assertThat(storage.bytes())
                .isEqualTo(storage.kinds().stream()
                        .mapToLong(StorageView.Kind::bytes)
                        .sum());
        assertThat(storage.kinds()).extracting(StorageView.Kind::name).contains("outputs", "quarantine");
        assertThat(server.get("/api/v1/storage", server.read).statusCode()).isEqualTo(403);
    }

    @Test
    void theOutputsOfAJobCompare() throws Exception {
        SampleJob sample = finished();

        String comparison = server.get("/api/v1/compare?job=" + sample.job().id(), server.read)
                .body();

        Comparison read = RecordCodec.read(Json.parse(comparison), Comparison.class);
        assertThat(read.sides())
                .extracting(Comparison.Side::recipe)
                .containsExactly("gptq-w4a16-independent", "gptq-w3a16-independent");
        assertThat(read.recipe()).extracting(Comparison.Difference::field).contains("grid.bits");
        assertThat(read.texts()).extracting(Comparison.Text::same).containsOnly(true);
        assertThat(server.get("/api/v1/compare", server.read).body()).contains("job: 0 results (expected: at least 2");
    }

    @Test
    void thePageShowsEachOutput() throws Exception {
        SampleJob sample = finished();

        String page = server.get("/jobs/" + sample.job().id(), server.admin).body();

        assertThat(page)
                .contains(
                        "gptq-w4a16-independent + gptq-w3a16-independent",
                        "By gptq-w4a16-independent, the first of 2 recipes",
                        ">gptq-w4a16-independent <small>on</small> wt2_test.txt<",
                        ">gptq-w3a16-independent <small>on</small> holdout.jsonl<",
                        "<li>a note of all</li><li>gptq-w3a16-independent: a note of one</li>",
                        "Approve gptq-w3a16-independent",
                        "Publish gptq-w3a16-independent?",
                        "/files/config.json?output=1\" download>config.json<",
                        "/report?output=0\"",
                        "/report?output=1\"",
                        "vllm serve ./tiny/gptq-w4a16-independent",
                        ">close</span>")
                .as("what is in quarantine cannot be served")
                .doesNotContain("./tiny/gptq-w3a16-independent");
    }

    /** The second output is in quarantine. */
    private SampleJob finished() throws Exception {
        JobView view = submitted(FIRST + "," + SECOND);
        Job job = server.jobs.find(UUID.fromString(view.id())).orElseThrow();
        SampleJob sample = new SampleJob(server, job, 2);
        sample.start();
        sample.block(0);
        sample.publish(0, true);
        sample.publish(1, false);
        sample.end(false);
        return sample;
    }

    private static String with(String output, String more) {
        return output.substring(0, output.length() - 1) + more;
    }

    private HttpResponse<String> submit(String outputs) {
        return server.post("/api/v1/jobs", server.admin, BODY.formatted(outputs));
    }

    private JobView submitted(String outputs) {
        HttpResponse<String> answer = submit(outputs);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return RecordCodec.read(Json.parse(answer.body()), JobView.class);
    }

    private String recipe(String path) {
        return RecordCodec.read(Json.parse(server.get(path, server.read).body()), Report.class)
                .recipe()
                .name();
    }
}
