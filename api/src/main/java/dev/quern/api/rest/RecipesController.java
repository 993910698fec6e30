package dev.quern.api.rest;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
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
}
