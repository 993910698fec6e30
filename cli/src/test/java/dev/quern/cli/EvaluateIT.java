package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** quern evaluate on the real stack, of one result that the class compresses. */
class EvaluateIT {
    private static final String GOLDEN = Cli.ROOT
            .resolve("services/engine/src/test/resources/golden/ct-w4a16-g32-sym")
            .toString();

    @TempDir
    static Path made;

    private static TestStack stack;
    private static Report compression;

    @TempDir
    Path folder;

    @BeforeAll
    static void compress() throws IOException, InterruptedException {
        stack = TestStack.start(2);
        Cli ran = stack.compress(Cli.TINY, "--out", result(), "--output", "json");
        assertThat(ran.code()).as(ran.err()).isZero();
        compression = report(ran);
    }

    @AfterAll
    static void stop() throws IOException {
        stack.close();
    }

    @Test
    void aFolderHasTheFiguresOfItsCompression() throws IOException {
        Cli ran = evaluate(result(), "--against", Cli.TINY.toString(), "--output", "json");

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(report(ran).evaluations()).isEqualTo(compression.evaluations());
        assertThat(Schema.violations("report.schema.json", ran.out())).isEmpty();
    }

    /** A job knows its original; the report stays with the job of the evaluation. */
    @Test
    void aJobIsNamedByTheBeginningOfItsId() {
        Cli ran = evaluate(compression.head().job().substring(0, 8));

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out())
                .contains("tiny-llama-gptq-w4a16 against tiny-llama", "ppl before", "accepted", "report of job ")
                .doesNotContain("worst error", "serve it with");
        Cli shown = Cli.run("jobs", "show", "--last", "--data", stack.data().toString());
        assertThat(shown.out()).contains("tiny-llama-gptq-w4a16, evaluated", "ppl before");
        Cli listed = Cli.run("jobs", "list", "--data", stack.data().toString());
        assertThat(listed.out()).containsPattern("completed +tiny-llama-gptq-w4a16 +evaluation");
    }

    @Test
    void aResultBeyondTheGateEndsWithThreeAndItsReportIsPlaced() throws IOException {
        Path text = Files.writeString(folder.resolve("other.txt"), "In the beginning was the word. ".repeat(200));
        Path out = folder.resolve("out");

        Cli ran = evaluate(
                compression.head().job(),
                "--evaluate",
                text.toString(),
                "--max-kl",
                "0.00001",
                "--out",
                out.toString());

        assertThat(ran.code()).as(ran.err()).isEqualTo(3);
        assertThat(ran.out()).contains("other.txt", "refused by the gate", "report in " + out);
        assertThat(out.toFile().list())
                .containsExactlyInAnyOrder("quern-report.json", "quern-report.html", "quern-manifest.json");
        assertThat(Cli.run("compare", result(), out.toString()).out()).contains("other.txt: not the same windows");
        verifyKnowsTheFolderOfAnEvaluation(out);
    }

    private static void verifyKnowsTheFolderOfAnEvaluation(Path out) throws IOException {
        Cli good = Cli.run("verify", out.toString(), result());
        assertThat(good.code()).as(good.err()).isZero();
        assertThat(good.out())
                .contains(out + ": OK: the report of an evaluation, without weights")
                .contains("digest of the result that was evaluated: "
                        + compression.model().outputDigest());

        Files.writeString(out.resolve("quern-report.html"), " ", StandardOpenOption.APPEND);
        Cli changed = Cli.run("verify", out.toString());
        assertThat(changed.code()).isEqualTo(65);
        assertThat(changed.err()).contains(out + ": quern-report.html: ", "as quern-manifest.json says");
    }

    @Test
    void aResultThatHasTheNameOfItsModelIsNotTakenForTheModel() throws IOException {
        Path named = Files.createSymbolicLink(folder.resolve(Cli.TINY.getFileName()), Path.of(result()));

        Cli ran = evaluate(named.toString());

        assertThat(ran.code()).isEqualTo(65);
        assertThat(ran.err()).contains("was made from tiny-llama, which is neither in " + folder);
    }

    /** To a server that runs elsewhere result, model and text are sent. */
    @Test
    void aFolderIsSentToAServer() throws IOException {
        Path key = Files.writeString(folder.resolve("key"), stack.lease().token());

        Cli ran = Cli.run(
                "evaluate",
                result(),
                "--against",
                Cli.TINY.toString(),
                "--eval-windows",
                "4",
                "--seq-len",
                "128",
                "--server",
                stack.lease().stack().url(),
                "--key-file",
                key.toString(),
                "--output",
                "json");

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(report(ran).head().evaluated()).isEqualTo("result");
        assertThat(report(ran).recipe())
                .as("the report of the result was sent too")
                .isEqualTo(compression.recipe());
        assertThat(report(ran).evaluations()).isEqualTo(compression.evaluations());
    }

    @Test
    void whatIsNoResultOfTheModelIsBadInput() {
        assertThat(evaluate(GOLDEN, "--against", Cli.TINY.toString()))
                .returns(65, Cli::code)
                .satisfies(ran -> assertThat(ran.err()).contains("hidden_size: 64 (expected: 128, as in the original"));
        assertThat(evaluate(GOLDEN))
                .returns(65, Cli::code)
                .satisfies(ran -> assertThat(ran.err()).contains("the original, with --against MODEL"));
        assertThat(evaluate(result()))
                .returns(65, Cli::code)
                .satisfies(ran -> assertThat(ran.err())
                        .contains("was made from tiny-llama, which is neither in " + made, "--against MODEL"));
        assertThat(evaluate(folder.resolve("nothing").toString())).returns(65, Cli::code);
        assertThat(evaluate(compression.head().job(), "--recipe", "gptq-w3a16"))
                .returns(65, Cli::code)
                .satisfies(ran -> assertThat(ran.err()).contains("--recipe: gptq-w3a16 (expected one of: gptq-w4a16)"));
    }

    private static String result() {
        return made.resolve("result").toString();
    }

    private static Cli evaluate(String result, String... options) {
        List<String> arguments = new ArrayList<>(List.of(
                "evaluate", result, "--data", stack.data().toString(), "--eval-windows", "4", "--seq-len", "128"));
        arguments.addAll(List.of(options));
        return Cli.run(arguments);
    }

    private static Report report(Cli ran) {
        return RecordCodec.read(ran.json(), Report.class);
    }
}
