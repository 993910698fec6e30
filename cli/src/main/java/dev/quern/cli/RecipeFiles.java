package dev.quern.cli;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.OutputRecipes;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What {@code --recipe NAME|FILE} names. */
final class RecipeFiles {
    private RecipeFiles() {}

    static boolean isFile(String recipe) {
        return recipe.contains("/") || recipe.endsWith(".yaml") || recipe.endsWith(".yml") || recipe.endsWith(".json");
    }

    /**
     * Recipes as they are typed; none is the default.
     *
     * @throws QuernException INVALID_RECIPE, or INVALID_REQUEST for several that one job cannot make
     */
    static List<Recipe> recipes(List<String> typed) {
        List<Recipe> recipes =
                orDefault(typed).stream().map(RecipeFiles::recipe).toList();
        OutputRecipes.requireTogether(recipes);
        return recipes;
    }

    static List<String> orDefault(List<String> typed) {
        return typed.isEmpty() ? List.of(Recipes.defaultName()) : typed;
    }

    /**
     * @throws QuernException INVALID_RECIPE
     */
    static Recipe recipe(String recipe) {
        if (!isFile(recipe)) {
            return Recipes.find(recipe);
        }
        try {
            return Recipes.read(Files.readString(Path.of(recipe)));
        } catch (IOException e) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE, recipe + ": cannot be read (expected: a recipe in YAML or JSON)", e);
        }
    }
}
