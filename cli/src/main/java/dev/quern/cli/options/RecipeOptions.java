package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import dev.quern.recipes.JobRequest.RecipeChoice;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.ModuleOverride;
import dev.quern.recipes.Recipe.Rounding;
import dev.quern.recipes.RecipeNames;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.OutputRecipes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to compress: recipes, and what is to be changed about each of them. */
@Heading(value = "Recipe", order = 1)
public final class RecipeOptions {
    /** For completion. */
    public static final class Names extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Names() {
            super(Recipes.names());
        }
    }

    static final class Methods extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Methods() {
            super(methods());
        }
    }

    @Option(
            names = "--recipe",
            paramLabel = "NAME|FILE",
            completionCandidates = Names.class,
            description = "A recipe of quern recipes, or a file (default: gptq-w4a16)."
                    + " Repeated, one calibration makes a result for each.")
    private List<String> recipes = List.of();

    @Option(names = "--bits", paramLabel = "N", description = "Bits of a weight, 2 to 8.")
    private @Nullable Integer bits;

    @Option(
            names = "--group-size",
            paramLabel = "N|auto|row",
            description = "Columns that share a scale; row is one scale per row;"
                    + " auto is 128 where it fits a linear, else 64 or 32.")
    private @Nullable String groupSize;

    @Option(names = "--symmetric", description = "A grid that is centred on zero.")
    private boolean symmetric;

    @Option(names = "--asymmetric", description = "A grid with zero points.")
    private boolean asymmetric;

    @Option(
            names = "--method",
            paramLabel = "gptq|rtn",
            completionCandidates = Methods.class,
            description = "GPTQ, or plain rounding to nearest, which needs no calibration.")
    private @Nullable String method;

    @Option(
            names = "--ignore",
            paramLabel = "PATTERN",
            description =
                    "Linears that keep their weights, for example '*.down_proj' or 'model.layers.0.*'; may be repeated.")
    private List<String> ignore = List.of();

    /**
     * One for each output.
     *
     * @throws QuernException INVALID_RECIPE, or INVALID_REQUEST for several that one job cannot make
     */
    public List<Recipe> recipes() {
        List<String> typed = recipes.isEmpty() ? List.of(Recipes.defaultName()) : recipes;
        List<Recipe> all =
                typed.stream().map(RecipeFiles::recipe).map(this::changed).toList();
        return OutputRecipes.together(all);
    }

    /** A built-in recipe by its name. */
    static RecipeChoice choice(Recipe recipe) {
        return Recipes.isBuiltIn(recipe) ? new RecipeChoice(recipe.name(), null) : new RecipeChoice(null, recipe);
    }

    /** Whether recipes are other than what was named. */
    public boolean changes() {
        return bits != null || groupSize != null || symmetric || asymmetric || method != null || !ignore.isEmpty();
    }

    private Recipe changed(Recipe base) {
        if (!changes()) {
            return base;
        }
        Rounding rounding = rounding(base.rounding());
        boolean sameMethod = rounding.getClass() == base.rounding().getClass();
        Grid grid = base.grid();
        Grid changed = new Grid(
                bits == null ? grid.bits() : bits,
                groupSize == null ? grid.groupSize() : group(groupSize),
                symmetric(grid.symmetric()),
                sameMethod ? grid.clipSearch() : rounding.usualClipSearch());
        Recipe recipe = new Recipe(
                "unnamed",
                sameMethod ? base.propagation() : RecipeNames.usualPropagation(rounding),
                changed,
                rounding,
                base.reproducible(),
                overrides(base),
                base.transform(),
                base.mask(),
                base.activations());
        return recipe.withName(RecipeNames.of(recipe));
    }

    /** What is to be ignored comes before what else the recipe says of it. */
    private List<ModuleOverride> overrides(Recipe base) {
        List<ModuleOverride> overrides = new ArrayList<>(base.overriding());
        if (!ignore.isEmpty()) {
            overrides.addFirst(ModuleOverride.keeping(ignore));
        }
        return overrides;
    }

    /** Another method comes with the values that the built-in recipes give it. */
    private Rounding rounding(Rounding base) {
        if (method == null || base.shortName().equalsIgnoreCase(method)) {
            return base;
        }
        return Recipes.all().stream()
                .map(Recipe::rounding)
                .filter(rounding -> rounding.shortName().equalsIgnoreCase(method))
                .findFirst()
                .orElseThrow(
                        () -> invalid("--method: " + method + " (expected: " + String.join(" or ", methods()) + ")"));
    }

    private static List<String> methods() {
        return Recipes.all().stream()
                .map(recipe -> recipe.rounding().shortName())
                .distinct()
                .toList();
    }

    private boolean symmetric(boolean base) {
        if (symmetric && asymmetric) {
            throw invalid("--symmetric: with --asymmetric (expected: one of them)");
        }
        return symmetric || (base && !asymmetric);
    }

    private static int group(String typed) {
        return switch (typed.toLowerCase(Locale.ROOT)) {
            case "auto" -> Grid.AUTO;
            case "row" -> 0;
            default -> {
                if (!typed.matches("\\d{1,9}")) {
                    throw invalid("--group-size: " + typed + " (expected: a number, auto or row)");
                }
                yield Integer.parseInt(typed);
            }
        };
    }

    private static QuernException invalid(String message) {
        return new QuernException(ErrorCode.INVALID_REQUEST, message);
    }
}
