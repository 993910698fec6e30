package dev.quern.cli;

import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Table;
import dev.quern.cli.options.RecipeOptions;
import dev.quern.cli.options.RecipeWords;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.RecipeSchema;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.drawing.OverrideWords;
import dev.quern.recipes.json.JsonArray;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "recipes", description = "List the recipes; with a name, print that recipe's file, to copy and change.")
final class ListRecipes implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Parameters(
            arity = "0..1",
            paramLabel = "NAME",
            completionCandidates = RecipeOptions.Names.class,
            description = "One of the recipes.")
    private @Nullable String name;

    @Option(names = "--schema", description = "Print the JSON Schema of recipe files.")
    private boolean schema;

    @Override
    public Integer call() {
        Console console = quern.console();
        if (schema) {
            console.print(RecipeSchema.schema());
        } else if (name != null) {
            show(console, name);
        } else if (console.json()) {
            console.print(
                    new JsonArray(Recipes.all().stream().map(RecordCodec::write).toList()));
        } else {
            list(console);
        }
        return Exit.COMPLETED.code();
    }

    private static void show(Console console, String name) {
        if (console.json()) {
            console.print(RecordCodec.write(Recipes.find(name)));
        } else {
            console.print(Recipes.text(name).stripTrailing());
        }
    }

    private static void list(Console console) {
        Table table = Table.ofText("recipe", "bits", "group", "grid", "clip search", "rounding", "");
        for (Recipe recipe : Recipes.all()) {
            Recipe.Grid grid = recipe.grid();
            table.row(
                    recipe.name(),
                    Integer.toString(grid.bits()),
                    RecipeWords.group(grid.groupSize()),
                    grid.symmetric() ? "symmetric" : "asymmetric",
                    grid.clipSearch().name().toLowerCase(Locale.ROOT),
                    OverrideWords.rounding(recipe.rounding()),
                    recipe.name().equals(Recipes.defaultName()) ? "(default)" : "");
        }
        table.print(console);
    }
}
