package dev.quern.engine.format;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.model.Model;
import dev.quern.recipes.Recipe;

/**
 * What an output is made from.
 *
 * @param source has the side files
 * @param model that was compressed: the source's own, or what the recipe's transform makes of it
 * @param grids of its linears
 * @param compressed those linears
 */
public record Assembly(Checkpoint source, Model model, GridMap grids, CompressedModel compressed) {
    /** As a recipe puts the model's linears on grids; throws as {@link dev.quern.engine.fit.RecipeFit#resolve}. */
    public static Assembly of(Checkpoint source, Model model, Recipe recipe, CompressedModel compressed) {
        return new Assembly(source, model, GridMap.of(recipe, model.architecture()), compressed);
    }
}
