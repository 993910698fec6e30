package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first command of the README, on the real stack. */
class CompressIT {
    private static TestStack stack;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        stack = TestStack.start(2);
    }

    @AfterAll
    static void stop() throws IOException, InterruptedException {
        stack.close();
    }

    @Test
    void placesAResultThatVerifiesAndReportsItsQuality() throws IOException {
        Path out = folder.resolve("out");

        Cli ran = stack.compress(Cli.TINY, "--out", out.toString());

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("ppl before", "bits per weight", "accepted", "result in " + out);
        assertThat(names(out))
                .contains(
                        "config.json",
                        "model.safetensors",
                        "tokenizer.json",
                        "quern-report.json",
                        "quern-report.html",
                        "quern-recipe.json",
                        Manifest.NAME);
        Report report = report(Files.readString(out.resolve("quern-report.json")));
        assertThat(report.linears())
                .hasSize(28)
                .extracting(Report.Linear::figures)
                .allSatisfy(figures -> assertThat(figures.relativeError()).isLessThan(figures.relativeErrorNearest()));
        assertThat(report.evaluations()).hasSize(1);
        assertThat(report.verdict().accepted()).isTrue();
        Cli verified = Cli.run("verify", out.toString(), "--output", "json");
        assertThat(verified.code()).as(verified.err()).isZero();
        assertThat(verified.out()).contains(report.model().outputDigest());
        assertThat(names(folder)).containsExactly("out");
    }

    @Test
    void theReportFitsItsSchema() throws IOException {
        Cli ran = stack.compress(Cli.TINY, "--output", "json");

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(Schema.violations("report.schema.json", ran.out())).isEmpty();
    }

    /** The final norm, the last tensor of the file, is 128 times 1e38 in bf16: the logits of the original overflow. */
    @Test
    void figuresThatAreNotFiniteAreAReport() throws IOException {
        Path model = Files.createDirectory(folder.resolve("overflowing"));
        for (String name : names(Cli.TINY)) {
            Files.copy(Cli.TINY.resolve(name), model.resolve(name));
        }
        byte[] weights = Files.readAllBytes(model.resolve("model.safetensors"));
        for (int at = weights.length - 256; at < weights.length; at += 2) {
            weights[at] = (byte) 0x96;
            weights[at + 1] = 0x7E;
        }
        Files.write(model.resolve("model.safetensors"), weights);
        String out = folder.resolve("out").toString();
        String[] options = {"--recipe", "rtn-w4a16", "--out", out};

        Cli ran = stack.compress(model, options);

        assertThat(ran.code()).as(ran.err()).isEqualTo(3);
        assertThat(ran.out())
                .contains(
                        "quarantined: broken",
                        "figures are not finite: the original's perplexity",
                        "the original itself has no finite perplexity")
                .doesNotContain("NaN", "Try ");
        Cli taken = Cli.run(
                "jobs",
                "download",
                "--last",
                "--accept-quarantined",
                "--out",
                out,
                "--data",
                stack.data().toString());
        assertThat(taken.code()).as(taken.err()).isZero();
        assertThat(Schema.violations("report.schema.json", Files.readString(Path.of(out, "quern-report.json"))))
                .isEmpty();
        assertThat(Path.of(out, "quern-report.html")).content().contains("not finite");
        assertThat(Cli.run("verify", out).code()).isZero();
        assertThat(Cli.run("compare", out, out).out()).contains("not finite");
        assertThat(Cli.run("jobs", "list", "--data", stack.data().toString()).out())
                .contains("not finite");
    }

    @Test
    void aResultBeyondTheGateIsQuarantinedAndNotPlaced() throws IOException {
        Path out = folder.resolve("out");

        Cli ran = stack.compress(Cli.TINY, "--recipe", "gptq-w2a16", "--max-kl", "0.00001", "--out", out.toString());

        assertThat(ran.code()).as(ran.err()).isEqualTo(3);
        assertThat(ran.out())
                .contains(
                        "quarantined",
                        ": the error of the hidden states rises most in block",
                        "Try this recipe next, which leaves the linears in which the error starts as they are: {");
        assertThat(names(folder)).isEmpty();

        Cli accepted = stack.compress(
                Cli.TINY,
                "--recipe",
                "gptq-w2a16",
                "--max-kl",
                "0.00001",
                "--out",
                out.toString(),
                "--accept-quarantined");

        assertThat(accepted.code()).as(accepted.err()).isZero();
        assertThat(names(out)).contains("config.json");
    }

    @Test
    void whatTheReportSuggestsIsMadeBesideAndCompared() throws IOException {
        Path out = folder.resolve("out");

        // Between the divergences of the two, 0.048 and 0.038.
        Cli ran = stack.compress(
                Cli.TINY, "--recipe", "rtn-w4a16", "--max-kl", "0.0425", "--suggest", "--out", out.toString());

        assertThat(ran.out())
                .containsSubsequence(
                        "rtn-w4a16 of tiny-llama",
                        "quarantined",
                        "was not placed",
                        "gptq-best-w4a16 of tiny-llama",
                        "accepted",
                        "result in " + out + "-gptq-best-w4a16",
                        "rounding.method",
                        "KL mean");
        assertThat(ran.err()).contains("recipe gptq-best-w4a16: 4 bits");
        assertThat(ran.code()).as("of the result that was accepted").isZero();
        assertThat(names(folder)).containsExactly("out-gptq-best-w4a16");

        Cli both = stack.compress(
                Cli.TINY,
                "--recipe",
                "rtn-w4a16",
                "--max-kl",
                "0.00001",
                "--suggest",
                "--accept-quarantined",
                "--overwrite",
                "--out",
                out.toString(),
                "--output",
                "json");
        assertThat(both.code()).as(both.err()).isZero();
        assertThat(((JsonArray) both.json()).values())
                .extracting(report -> report(Json.write(report)).recipeName())
                .containsExactly("rtn-w4a16", "gptq-best-w4a16");
        assertThat(names(folder)).containsExactly("out", "out-gptq-best-w4a16");
        assertThat(Cli.run("compare", out.toString(), out + "-gptq-best-w4a16").code())
                .isZero();
    }

    @Test
    void aResultThatIsCloseNeedsNoSuggestion() throws IOException {
        Path out = folder.resolve("out");

        Cli ran = stack.compress(Cli.TINY, "--recipe", "gptq-w8a16", "--suggest", "--out", out.toString());

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("no recipe to suggest: the result is close to the original");
        assertThat(names(folder)).containsExactly("out");
    }

    @Test
    void severalRecipesMakeAResultEachFromOneCalibration() throws IOException {
        Path out = folder.resolve("out");
        String four = out.resolve("gptq-w4a16-independent").toString();
        String three = out.resolve("gptq-w3a16-independent").toString();

        Cli ran = stack.compress(Cli.TINY, "--recipe", "gptq-w4a16", "--recipe", "gptq-w3a16", "--out", out.toString());

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("result in " + four, "result in " + three);
        assertThat(names(out)).containsExactly("gptq-w3a16-independent", "gptq-w4a16-independent");
        Cli verified = Cli.run("verify", four, three);
        assertThat(verified.code()).as(verified.err()).isZero();
        assertThat(verified.out()).contains("4.13 bits", "3.13 bits");
        String id = report(Files.readString(Path.of(three, "quern-report.json")))
                .head()
                .job();
        String data = stack.data().toString();
        assertThat(Cli.run("jobs", "show", id, "--data", data).out())
                .contains("gptq-w4a16-independent + gptq-w3a16-independent");
        Path copy = folder.resolve("copy");
        assertThat(Cli.run("jobs", "download", id, "--out", copy.toString(), "--data", data)
                        .code())
                .isZero();
        assertThat(names(copy)).isEqualTo(names(out));
    }

    @Test
    void ofSeveralResultsTheOneBeyondTheGateIsNotPlaced() throws IOException {
        Path out = folder.resolve("out");

        Cli ran = stack.compress(
                Cli.TINY,
                "--recipe",
                "gptq-w8a16",
                "--recipe",
                "gptq-w2a16",
                "--max-kl",
                "0.02",
                "--out",
                out.toString());

        assertThat(ran.code()).as(ran.err()).isEqualTo(3);
        assertThat(ran.out()).contains("gptq-w2a16-independent failed its gate and was not placed");
        assertThat(names(out)).containsExactly("gptq-w8a16-independent");
    }

    @Test
    void overwriteReplacesWhatWasThere() throws IOException {
        Path out = Files.createDirectory(folder.resolve("out"));
        Files.writeString(out.resolve("old"), "x");

        Cli ran = stack.compress(Cli.TINY, "--recipe", "rtn-w4a16", "--out", out.toString(), "--overwrite");

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(names(out)).contains("config.json").doesNotContain("old");
        assertThat(names(folder)).containsExactly("out");
    }

    @Test
    void twoCommandsShareOneStack() {
        CompletableFuture<Cli> first =
                CompletableFuture.supplyAsync(() -> stack.compress(Cli.TINY, "--recipe", "gptq-w8a16"));
        CompletableFuture<Cli> second =
                CompletableFuture.supplyAsync(() -> stack.compress(Cli.TINY, "--recipe", "gptq-w8a16"));

        assertThat(first.join().code()).as(first.join().err()).isZero();
        assertThat(second.join().code()).as(second.join().err()).isZero();
        assertThat(stack.process().isAlive()).isTrue();
    }

    @Test
    void aDetachedJobCanBeWatchedShownListedAndDownloaded() throws IOException {
        Path out = folder.resolve("out");
        String data = stack.data().toString();

        Cli submitted =
                stack.compress(Cli.TINY, "--recipe", "gptq-w3a16", "--detach", "--name", "far", "--output", "json");

        assertThat(submitted.code()).as(submitted.err()).isZero();
        String id = ((dev.quern.recipes.json.JsonString) ((JsonObject) submitted.json()).get("id")).value();
        assertThat(Cli.run("jobs", "watch", id, "--data", data).code()).isZero();
        assertThat(Cli.run("jobs", "show", id, "--data", data).out()).contains("completed", "ppl before");
        assertThat(Cli.run("jobs", "list", "--data", data).out()).contains(id.substring(0, 8), "far");
        assertThat(Cli.run("jobs", "download", id, "--out", out.toString(), "--data", data)
                        .code())
                .isZero();
        assertThat(names(out)).contains("config.json");
    }

    private static Report report(String text) {
        return RecordCodec.read(Json.parse(text), Report.class);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
