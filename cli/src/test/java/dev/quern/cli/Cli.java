package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonValue;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/** Runs commands in this process, as the launcher runs them in one of their own. */
record Cli(int code, String out, String err) {
    /** The folder of the checkout. */
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    static final Path TINY = ROOT.resolve("samples/tiny-llama");

    static Cli run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), false, arguments);
        return new Cli(code, out.toString(UTF_8), err.toString(UTF_8));
    }

    static Cli run(List<String> arguments) {
        return run(arguments.toArray(String[]::new));
    }

    JsonValue json() {
        return Json.parse(out);
    }
}
