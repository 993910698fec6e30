package dev.quern.cli.options;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.RecipeNames;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code --recipe NAME|FILE} names. */
final class RecipeFiles {
    private RecipeFiles() {}

    private static boolean isFile(String recipe) {
        return recipe.contains("/") || recipe.endsWith(".yaml") || recipe.endsWith(".yml") || recipe.endsWith(".json");
    }

    /** @throws QuernException INVALID_RECIPE */
    static Recipe recipe(String recipe) {
        if (!isFile(recipe)) {
            return Recipes.find(recipe);
        }
        try {
            Recipe read = Recipes.read(Files.readString(Path.of(recipe)));
            RecipeNames.requireOwn(read);
            return read;
        } catch (IOException e) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE, recipe + ": cannot be read (expected: a recipe in YAML or JSON)", e);
        }
    }
}
