package dev.quern.recipes.job;

import dev.quern.recipes.Formats;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.RecipeNames;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.Transform;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The recipes of a request, one for each output. Several are made in one walk through the original model, and have
 * places named by them.
 */
public final class OutputRecipes {
    /** Outputs of a job. */
    public static final int MAX = 4;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private final List<Recipe> recipes;
    private final List<Violation> violations = new ArrayList<>();

    private OutputRecipes(List<Recipe> recipes) {
        this.recipes = recipes;
    }

    /**
     * None for the evaluation of a result.
     *
     * @throws QuernException INVALID_RECIPE for a name that is not in the catalogue, or is a built-in recipe's where it
     *     does something else; INVALID_REQUEST with every violation for several that one walk cannot make, and for a
     *     format whose loaders would talk nonsense
     */
    public static List<Recipe> of(JobRequest request) {
        JobRequest.RecipeChoice choice = request.recipe();
        if (choice == null) {
            return List.of();
        }
        Recipe common = resolve("/recipe", choice);
        List<Recipe> recipes = new ArrayList<>();
        for (int i = 0; i < request.outputs().size(); i++) {
            JobRequest.RecipeChoice own = request.outputs().get(i).recipe();
            Recipe recipe = own == null ? common : resolve(pointer(i), own);
            requireLoaders(recipe, request.outputs().get(i).format(), i);
            recipes.add(recipe);
        }
        return together(recipes);
    }

    /**
     * The recipes of one job. One alone may be any. Of several, a built-in recipe with sequential propagation takes its
     * inputs from the original model instead, and has the name that says so: a walk through compressed blocks serves
     * one recipe only.
     *
     * @throws QuernException INVALID_REQUEST with every violation for several that one walk cannot make
     */
    public static List<Recipe> together(List<Recipe> recipes) {
        if (recipes.size() == 1) {
            return recipes;
        }
        List<Recipe> shared = recipes.stream().map(OutputRecipes::shared).toList();
        new OutputRecipes(shared).checkTogether();
        return shared;
    }

    private static Recipe shared(Recipe recipe) {
        if (!Recipes.isBuiltIn(recipe) || !recipe.walksCompressed()) {
            return recipe;
        }
        Recipe independent = recipe.withPropagation(Propagation.INDEPENDENT);
        return independent.withName(RecipeNames.of(independent));
    }

    /** What an engine has to turn must not reach one that does not know of it. */
    private static void requireLoaders(Recipe recipe, String format, int output) {
        if (Transform.isOnline(recipe.transform()) && format.equals(Formats.COMPRESSED_TENSORS)) {
            String pointer = "/outputs/" + output + "/format";
            Violation violation = Violation.of(
                    pointer,
                    format,
                    Formats.QUERN_SPARSE + ": " + recipe.name()
                            + " turns activations online, which no loader of other formats does");
            throw new QuernException(ErrorCode.INVALID_REQUEST, violation.message(), List.of(violation));
        }
    }

    private static Recipe resolve(String pointer, JobRequest.RecipeChoice choice) {
        Recipe inline = choice.inline();
        if (inline != null) {
            RecipeNames.requireOwn(inline);
            return inline;
        }
        String ref = String.valueOf(choice.ref());
        if (!Recipes.names().contains(ref)) {
            String message = Violation.name(pointer) + ".ref: " + ref + " (expected one of: "
                    + String.join(", ", Recipes.names()) + ")";
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE, message, List.of(new Violation(pointer + "/ref", message)));
        }
        return Recipes.find(ref);
    }

    private void checkTogether() {
        if (recipes.size() > MAX) {
            String message = "outputs: " + recipes.size() + " (expected: at most " + MAX + ")";
            violations.add(new Violation("/outputs", message));
        }
        for (int i = 0; i < recipes.size(); i++) {
            Recipe recipe = recipes.get(i);
            expect(
                    NAME.matcher(recipe.name()).matches(),
                    i,
                    "a name of letters, digits, dot, dash and underscore, at most 64: with several outputs it is part of a place");
            expect(recipe.needsCalibration(), i, "one that needs calibration: several outputs share it");
            expect(
                    recipe.propagation() == Propagation.INDEPENDENT,
                    i,
                    "one with propagation: independent, as several outputs share a walk through the original model; or a"
                            + " job for each output");
            expect(
                    Objects.equals(recipe.transform(), recipes.getFirst().transform()),
                    i,
                    "one with the transform of outputs[0]: several outputs share a walk through the transformed model");
            for (int earlier = 0; earlier < i; earlier++) {
                expect(!alike(recipe, recipes.get(earlier)), i, "another recipe than that of outputs[" + earlier + "]");
            }
        }
        if (!violations.isEmpty()) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, violations.getFirst().message(), violations);
        }
    }

    /** In name, or in all that decides the result. */
    private static boolean alike(Recipe recipe, Recipe other) {
        return recipe.name().equalsIgnoreCase(other.name()) || recipe.decisive().equals(other.decisive());
    }

    private void expect(boolean holds, int output, String expected) {
        if (!holds) {
            violations.add(Violation.of(pointer(output), recipes.get(output).name(), expected));
        }
    }

    private static String pointer(int output) {
        return "/outputs/" + output + "/recipe";
    }
}
