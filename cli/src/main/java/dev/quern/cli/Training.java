package dev.quern.cli;

import dev.quern.cli.client.Api;
import dev.quern.recipes.Recipes;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Runs what light commands run, in one process: the launcher records which classes that loads, so that later starts
 * find them linked. Its argument is a small checkpoint.
 */
public final class Training {
    private Training() {}

    public static void main(String[] arguments) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        String model = arguments[0];
        for (List<String> command : List.of(
                List.of("recipes"),
                List.of("recipes", Recipes.defaultName()),
                List.of("inspect", model),
                List.of("inspect", model, "--output", "json"),
                List.of("verify", model),
                List.of("version"),
                List.of("jobs", "list", "--server", "http://127.0.0.1:1"),
                List.of("compress", "--help"))) {
            Main.run(nowhere, nowhere, false, command.toArray(String[]::new));
        }
        new Api(URI.create("http://127.0.0.1:1"), null).close();
    }
}
