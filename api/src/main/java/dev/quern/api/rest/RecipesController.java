package dev.quern.api.rest;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** The catalogue. */
@RestController
final class RecipesController {
    /** The answer of GET /api/v1/recipes. */
    record Catalogue(List<Recipe> recipes) {}

    @GetMapping("/api/v1/recipes")
    Catalogue recipes() {
        return new Catalogue(Recipes.all());
    }

    @GetMapping("/api/v1/recipes/{name}")
    Recipe recipe(@PathVariable String name) {
        if (!Recipes.names().contains(name)) {
            throw new QuernException(
                    ErrorCode.NOT_FOUND,
                    "recipe: " + name + " (expected one of: " + String.join(", ", Recipes.names()) + ")");
        }
        return Recipes.find(name);
    }
}
