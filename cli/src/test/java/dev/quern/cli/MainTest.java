package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.view.Estimate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "compress",
                "compress m --samples many",
                "jobs show",
                "jobs show 0123 --last",
                "recipes --output xml",
                "worker",
                "help nonsense"
            })
    void aWrongCommandLineExits64(String line) {
        Cli ran = Cli.run(line.split(" ", -1));

        assertThat(ran.code()).isEqualTo(64);
        assertThat(ran.err()).startsWith("quern: ");
        assertThat(ran.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nosuch | nosuch: no such command (expected one of: compress, evaluate, ",
                "comprss | comprss: unknown (did you mean compress or ",
                "jobs lst | lst: unknown (did you mean list?)",
                "compress model other | other: one word too many",
                "compress model --evalute f | --evalute: unknown (did you mean --evaluate or ",
                "jobs show --zzzz | --zzzz: no such option",
                "compare one | one: one result (expected: at least two, to be compared)",
            })
    void aWordThatNoCommandTakesIsNamed(String line, String message) {
        Cli ran = Cli.run(line.split(" ", -1));

        assertThat(ran.code()).isEqualTo(64);
        assertThat(ran.err()).startsWith("quern: " + message).contains("\nTry: quern ");
    }

    /** What cannot be the id of a job is refused before a stack is started for it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "jobs show 1 | job: 1 (expected: an id, or at least four digits that begin one)",
                "jobs watch nosuch | job: nosuch (expected: an id, or at least four digits that begin one)",
                "evaluate nosuch | nosuch: no such folder (expected: the folder of a result, or the id of a job)",
                "compare 0123 nosuch | nosuch: no such folder (expected: the folder of a result, or the id of a job)",
            })
    void whatIsNoJobIsNamedBeforeAnythingIsStarted(String line, String message) {
        String data = folder.resolve("data").toString();
        Cli ran = Cli.run((line + " --data " + data).split(" ", -1));

        assertThat(ran.code()).isEqualTo(65);
        assertThat(ran.err()).isEqualTo("quern: " + message + "\n");
        assertThat(Path.of(data)).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compress",
                "up",
                "worker",
                "jobs pause",
                "jobs resume",
                "jobs retry",
                "jobs approve",
                "jobs delete",
                "help",
                "jobs",
                "jobs list",
                "jobs show",
                "jobs watch",
                "jobs cancel",
                "jobs download",
                "recipes",
                "inspect",
                "verify",
                "convert",
                "doctor",
                "version",
                "completion"
            })
    void everyCommandHasHelp(String command) {
        Cli ran = Cli.run((command + " --help").split(" ", -1));

        assertThat(ran.code()).isZero();
        assertThat(ran.out()).startsWith("Usage: quern " + command).contains("--output", "--quiet", "--no-color");
    }

    @Test
    void recipesListsTheCatalogueAndItsDefault() {
        Cli ran = Cli.run("recipes");

        assertThat(ran.code()).isZero();
        assertThat(ran.out()).containsPattern("gptq-w4a16 .*\\(default\\)").contains("rtn-w4a16");
        assertThat(((JsonArray) Cli.run("recipes", "--output", "json").json()).size())
                .isEqualTo(Recipes.names().size());
        assertThat(Cli.run("recipes", "gptq-w3a16").out()).contains("bits: 3");
    }

    @Test
    void anUnknownRecipeExits65AndNamesTheOnesThereAre() {
        Cli ran = Cli.run("recipes", "gptq-w5a16");

        assertThat(ran.code()).isEqualTo(65);
        assertThat(ran.err()).contains("gptq-w5a16", "expected one of", "gptq-w4a16");
    }

    @Test
    void inspectSaysWhatACheckpointIs() {
        Cli ran = Cli.run("inspect", Cli.TINY.toString(), "--output", "json");

        assertThat(ran.code()).isZero();
        JsonObject model = (JsonObject) ((JsonObject) ran.json()).get("model");
        assertThat(model.get("family")).isEqualTo(new JsonString("llama"));
        assertThat(model.get("blocks")).isEqualTo(JsonNumber.of(4));
        assertThat(Cli.run("inspect", Cli.TINY.toString()).out())
                .contains("llama: 4 blocks", "mlp.down_proj", "memory");
    }

    @Test
    void inspectEstimatesForWorkersThatShareTheMachine() throws IOException {
        String recipe = Files.writeString(
                        folder.resolve("independent.yaml"),
                        "apiVersion: quern/v1\nextends: gptq-w4a16\npropagation: independent\n")
                .toString();
        List<String> shared = List.of("--recipe", recipe, "--workers", "2", "--segments", "2");
        Estimate one = estimate();
        Estimate two = estimate(shared.toArray(String[]::new));

        assertThat(one.work().workers()).isEqualTo(1);
        assertThat(two.work().workers()).isEqualTo(2);
        assertThat(two.work().segments()).isEqualTo(2);
        assertThat(two.work().traceRuns()).isPositive();
        assertThat(two.sizes().outputBytes()).isEqualTo(one.sizes().outputBytes());
        assertThat(Cli.run(inspect(shared)).out())
                .contains("2 workers of ", "segments  2, after a trace in ", "at most in a worker");
        assertThat(Cli.run("inspect", Cli.TINY.toString(), "--workers", "0").code())
                .isEqualTo(65);
    }

    @Test
    void inspectSaysThatWorkersShareTheBlocksOfASequentialRecipe() {
        String shared =
                Cli.run(inspect(List.of("--workers", "2", "--segments", "2"))).out();
        String alone = Cli.run(inspect(List.of("--segments", "1"))).out();

        assertThat(shared)
                .contains(
                        "segments  1; workers share each block: its statistics in 4 runs of text, then 4 groups of linears");
        assertThat(alone).contains("segments  1\n");
    }

    @Test
    void inspectEstimatesSeveralResultsOfOneCalibration() {
        Estimate both = estimate("--recipe", "gptq-w4a16", "--recipe", "gptq-w3a16");

        assertThat(both.outputs())
                .extracting(Estimate.Output::recipe)
                .containsExactly("gptq-w4a16-independent", "gptq-w3a16-independent");
        assertThat(both.sizes().outputBytes()).isGreaterThan(estimate().sizes().outputBytes());
        Cli printed = Cli.run("inspect", Cli.TINY.toString(), "--recipe", "gptq-w4a16", "--recipe", "gptq-w3a16");
        assertThat(printed.out()).contains("with gptq-w4a16-independent + gptq-w3a16-independent on this machine");
        Cli refused = Cli.run("inspect", Cli.TINY.toString(), "--recipe", "gptq-w4a16", "--recipe", "rtn-w4a16");
        assertThat(refused.code()).isEqualTo(65);
        assertThat(refused.err()).contains("outputs.1.recipe: rtn-w4a16 (expected: one that needs calibration");
    }

    private static Estimate estimate(String... options) {
        List<String> arguments = inspect(List.of(options));
        arguments.addAll(List.of("--output", "json"));
        return RecordCodec.read(((JsonObject) Cli.run(arguments).json()).get("estimate"), Estimate.class);
    }

    private static List<String> inspect(List<String> options) {
        List<String> arguments = new ArrayList<>(List.of("inspect", Cli.TINY.toString()));
        arguments.addAll(options);
        return arguments;
    }

    @Test
    void inspectOfAFolderThatIsNoCheckpointExits65() {
        Cli ran = Cli.run("inspect", folder.toString());

        assertThat(ran.code()).isEqualTo(65);
        assertThat(ran.err()).contains("config.json");
    }

    @Test
    void versionSaysWhichBuildThisIs() {
        assertThat(Cli.run("version").out()).matches("(?s)quern \\d+\\.\\d+\\.\\d+.*java .*");
    }

    @Test
    void completionIsAScript() {
        assertThat(Cli.run("completion").out()).startsWith("#!").contains("complete -F", "download");
    }

    @Test
    void aServerThatIsNotThereExits69() {
        Cli ran = Cli.run("jobs", "list", "--server", "http://127.0.0.1:9");

        assertThat(ran.code()).isEqualTo(69);
        assertThat(ran.err()).contains("127.0.0.1:9");
    }

    @Test
    void cancellingWithoutAStackExits69AndStartsNone() {
        Cli ran = Cli.run(
                "jobs", "cancel", "--last", "--data", folder.resolve("data").toString());

        assertThat(ran.code()).isEqualTo(69);
        assertThat(ran.err()).contains("no stack runs", "quern up --data");
        assertThat(folder.resolve("data")).doesNotExist();
    }

    /** Nothing was ever made there, so nothing has to be started to say so. */
    @Test
    void aFolderWithoutDataHasNoJobs() {
        Path data = folder.resolve("data");
        Cli ran = Cli.run("--data", data.toString(), "jobs", "list");

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).isEqualTo("No jobs.\n");
        assertThat(data).doesNotExist();
        assertThat(Cli.run("jobs", "list", "--state", "nosuch").err())
                .contains("--state: nosuch (expected one of: queued, running, waiting,");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-h", "help", "jobs", "keys", "help jobs list", "compress -h", "--version", "-V"})
    void whatEverybodyTypesFirstExits0(String line) {
        Cli ran = Cli.run(line.isEmpty() ? new String[0] : line.split(" ", -1));

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).startsWith(line.contains("V") || line.contains("version") ? "quern " : "Usage: quern");
    }

    @Test
    void helpGroupsOptionsByWhatTheyAreAbout() {
        assertThat(Cli.run("compress", "-h").out())
                .containsSubsequence(
                        "Recipe:",
                        "--bits",
                        "Result:",
                        "--out",
                        "Calibration:",
                        "--samples",
                        "Evaluation and gate:",
                        "--min-top1",
                        "Limits:",
                        "Where it runs:",
                        "--data",
                        "Output:",
                        "--quiet");
    }

    /** A script finds out why without reading text. */
    @Test
    void failuresAreJsonWhereThatIsAskedFor() {
        Cli ran = Cli.run("inspect", "org/model", "--output", "json");

        assertThat(ran.code()).isEqualTo(65);
        JsonObject problem = (JsonObject) ran.json();
        assertThat(problem.get("code")).isEqualTo(new JsonString("invalid-checkpoint"));
        assertThat(problem.get("exitCode")).isEqualTo(JsonNumber.of(65));
        assertThat(ran.err()).contains("hf download org/model --local-dir model");
        assertThat(((JsonObject) Cli.run("inspect", "--output", "json").json()).get("exitCode"))
                .isEqualTo(JsonNumber.of(64));
    }

    @Test
    void optionsMakeARecipeThatInspectShows() {
        String out = Cli.run(
                        "inspect",
                        Cli.TINY.toString(),
                        "--bits",
                        "3",
                        "--group-size",
                        "64",
                        "--asymmetric",
                        "--ignore",
                        "model.layers.0.mlp.down_proj")
                .out();

        assertThat(out)
                .contains("3 bits, groups of 64, asymmetric, gptq (order static, damping 0.01), clip search inputs")
                .contains("; model.layers.0.mlp.down_proj: not compressed")
                .containsPattern("mlp.down_proj +128 +384 +3 +64 +3")
                .contains("SGLang 0.5.23: does not load (4 and 8 bits only)");
        assertThat(Cli.run("inspect", Cli.TINY.toString(), "--method", "rtn").out())
                .contains("with rtn-w4a16 on this machine");
        assertThat(Cli.run("inspect", Cli.TINY.toString(), "--method", "yaqa", "--seq-len", "128")
                        .out())
                .contains("with yaqa-w4a16 on this machine")
                .contains("and gradients in 5 runs of text");
        assertThat(Cli.run("inspect", Cli.TINY.toString(), "--method", "awq").err())
                .contains("--method: awq (expected: gptq or yaqa or yaqa-lite or rtn)");
        assertThat(Cli.run("inspect", Cli.TINY.toString(), "--group-size", "96").err())
                .contains("these fit every linear, 0 as one scale per row: 128, 64, 32, 16, 0");
        assertThat(Cli.run("inspect", Cli.TINY.toString(), "--symmetric", "--asymmetric")
                        .code())
                .isEqualTo(65);
    }

    @Test
    void theFormatDecidesTheSizeOfAnEstimateAndTheLoaders() {
        Estimate dense = estimate("--recipe", "obr-w4s50");
        Estimate sparse = estimate("--recipe", "obr-w4s50", "--format", "quern-sparse");

        assertThat(dense.outputs().getFirst().bitsPerWeight()).isGreaterThan(4);
        assertThat(sparse.outputs().getFirst().bitsPerWeight())
                .isLessThan(dense.outputs().getFirst().bitsPerWeight() - 0.9);
        assertThat(Cli.run("inspect", Cli.TINY.toString(), "--format", "quern-sparse")
                        .out())
                .contains("vLLM 0.33: does not load (it does not know quern-sparse");
        refused("--format: gguf (expected one of: compressed-tensors, quern-sparse)", "--format", "gguf");
    }

    @Test
    void aSuggestionNeedsOneReportAndSomebodyWhoWaits() {
        refused("--suggest: with --detach (expected: one of them", "--suggest", "--detach");
        refused(
                "--suggest: with 2 recipes (expected: one)",
                "--suggest",
                "--recipe",
                "gptq-w4a16",
                "--recipe",
                "gptq-w3a16");
    }

    @Test
    void evaluationWindowsCountInAnEstimate() {
        // Without calibration the hidden states of an evaluation are the most that scratch holds.
        Estimate one = estimate("--recipe", "rtn-w4a16", "--eval-windows", "1");
        Estimate four = estimate("--recipe", "rtn-w4a16", "--eval-windows", "4");

        assertThat(four.sizes().scratchBytes()).isEqualTo(4 * one.sizes().scratchBytes());
        assertThat(four.secondsPerStage()).containsKey("evaluate");
        assertThat(four.seconds()).isPositive();
    }

    @Test
    void verifyReadsEveryFolder() {
        Cli ran = Cli.run("verify", folder.resolve("none").toString(), Cli.TINY.toString(), "--output", "json");

        assertThat(ran.code()).isEqualTo(65);
        assertThat(((JsonArray) ran.json()).size()).isEqualTo(2);
        assertThat(ran.err()).contains("none: no such folder (expected: a result)", "quern-manifest.json: missing");
    }

    @Test
    void theSchemaOfRecipesIsTheOneInTheDocumentation() throws IOException {
        assertThat(Cli.run("recipes", "--schema").out())
                .isEqualTo(Files.readString(Path.of("../docs/recipe.schema.json")));
    }

    @Test
    void anOutputFolderThatHoldsSomethingExits65AndKeepsIt() throws IOException {
        Path out = Files.createDirectory(folder.resolve("out"));
        Files.writeString(out.resolve("precious"), "x");

        refused("is not empty", "--out", out.toString());

        assertThat(out.resolve("precious")).hasContent("x");
    }

    @Test
    void aDataFolderOfAnotherVersionExits65() throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.writeString(data.resolve("format"), "data=0\npostgres=18\n");

        Cli ran = Cli.run("compress", Cli.TINY.toString(), "--data", data.toString());

        assertThat(ran.code()).isEqualTo(65);
        assertThat(ran.err()).contains("data=0 (expected: data=1");
        try (Stream<Path> files = Files.list(data)) {
            assertThat(files).containsExactly(data.resolve("format"));
        }
    }

    @Test
    void aRecipeFileWithAnUnknownKeyExits65AndNamesIt() throws IOException {
        Path recipe = Files.writeString(
                folder.resolve("mine.yaml"), Cli.run("recipes", "gptq-w4a16").out() + "\nspeed: high\n");

        refused("speed", "--recipe", recipe.toString());
    }

    @Test
    void nineBitsExits65() throws IOException {
        String text = Cli.run("recipes", "gptq-w4a16").out().replace("bits: 4", "bits: 9");
        Path recipe = Files.writeString(folder.resolve("mine.yaml"), text);

        refused("bits: 9 (expected: 2 to 8)", "--recipe", recipe.toString());
    }

    @Test
    void aCalibrationFileThatIsNotThereExits65() {
        refused("no such file", "--calibration", folder.resolve("none.jsonl").toString());
    }

    /** Refused before anything is started: the data folder is not made. */
    private void refused(String message, String... options) {
        Path data = folder.resolve("untouched");
        String[] arguments = Stream.concat(
                        Stream.of("compress", Cli.TINY.toString(), "--data", data.toString()), Stream.of(options))
                .toArray(String[]::new);

        Cli ran = Cli.run(arguments);

        assertThat(ran.code()).isEqualTo(65);
        assertThat(ran.err()).contains(message);
        assertThat(data).doesNotExist();
    }
}
