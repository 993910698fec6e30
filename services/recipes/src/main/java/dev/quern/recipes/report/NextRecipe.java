package dev.quern.recipes.report;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Obr;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.ModuleOverride;
import dev.quern.recipes.RecipeNames;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.Yaqa;
import dev.quern.recipes.codec.ApiVersion;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.report.Report.Linear;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The recipe to try after one whose result was refused. It follows from the recipe that was used, the cheapest step
 * first: the best method for the same bits; the linears in which the error starts unchanged, where one block makes most
 * of it; smaller groups, where the result is not far off; more bits. Nobody has measured it on the model.
 *
 * @param change what it changes, to be read after "Try this recipe next,"
 */
public record NextRecipe(Recipe recipe, String change) {
    private static final String BEST = "gptq-best-w4a16";
    /** Ratio of perplexities from which smaller groups are not enough. */
    private static final double FAR = 10;

    private static final int SMALLEST_GROUP = 32;
    private static final int MANY_BITS = 4;
    private static final int MOST_BITS = 8;
    /** Loaders join these, and want them to be alike. */
    private static final List<Set<String>> JOINED =
            List.of(Set.of("q_proj", "k_proj", "v_proj"), Set.of("gate_proj", "up_proj"));

    /** @return empty where a gate accepted the result and it is close to the original, or as the other method */
    public static Optional<NextRecipe> after(Report report) {
        boolean good = report.verdict().failures().isEmpty() && report.closeness() == Closeness.CLOSE;
        return good || report.recipe() == null
                ? Optional.empty()
                : after(
                        report.recipe(),
                        report.evaluations(),
                        report.linears(),
                        ErrorStart.of(report.evaluations(), report.linears()));
    }

    /**
     * @param used the recipe of the result
     * @param linears of the result; none where they are not known
     * @param start where its error starts; empty where that is not known
     * @return empty where there is nothing left to change, and where no recipe helps: the original itself has no finite
     *     figures
     */
    public static Optional<NextRecipe> after(
            Recipe used, List<Evaluation> evaluations, List<Linear> linears, Optional<ErrorStart> start) {
        if (evaluations.stream().anyMatch(text -> !Double.isFinite(text.pplOriginal()))) {
            return Optional.empty();
        }
        Recipe recipe = withUsualGroups(used, linears);
        return Stream.<Optional<NextRecipe>>of(
                        better(recipe),
                        start.flatMap(known -> keeping(recipe, linears, known)),
                        isFar(evaluations) ? Optional.empty() : smallerGroups(recipe, linears),
                        moreBits(recipe))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** As the user may have written it: groups that follow from the columns are left to them. */
    private static Recipe withUsualGroups(Recipe used, List<Linear> linears) {
        int group = used.grid().groupSize();
        Grid automatic = used.grid().withGroupSize(Grid.AUTO);
        boolean usual = !linears.isEmpty()
                && linears.stream()
                        .allMatch(linear -> linear.groupSize() == group
                                && fits(linear, Grid.SIZES)
                                && automatic.groupSizeFor(linear.cols()) == group);
        return usual ? used.withGrid(automatic) : used;
    }

    private static boolean fits(Linear linear, List<Integer> sizes) {
        return sizes.stream().anyMatch(size -> linear.cols() % size == 0);
    }

    private static boolean isFar(List<Evaluation> evaluations) {
        return evaluations.stream().anyMatch(evaluation -> !(evaluation.pplRatio() <= FAR));
    }

    /** Polish alone brings too little to try it: what counts is propagation and clip search. */
    private static Optional<NextRecipe> better(Recipe used) {
        Recipe best = Recipes.find(BEST);
        boolean isBest = used.propagation() == best.propagation()
                && used.grid().clipSearch() == best.grid().clipSearch()
                && used.needsCalibration();
        boolean ownMethods = used.overriding().stream().anyMatch(override -> override.rounding() != null);
        if (isBest || ownMethods || !replaceable(used.rounding())) {
            return Optional.empty();
        }
        Grid grid = new Grid(
                used.grid().bits(),
                used.grid().groupSize(),
                used.grid().symmetric(),
                best.grid().clipSearch());
        Recipe next = best.withGrid(grid)
                .withOverrides(used.overrides())
                .withTransform(used.transform())
                .withMask(used.mask())
                .withActivations(used.activations());
        return Optional.of(new NextRecipe(
                next, "in which each block makes up for the errors of those before it, at the same number of bits"));
    }

    private static boolean replaceable(Recipe.Rounding rounding) {
        return switch (rounding) {
            case Recipe.Nearest nearest -> true;
            case Recipe.Gptq gptq -> true;
            case Yaqa yaqa -> false;
            case Obr obr -> false;
        };
    }

    private static Optional<NextRecipe> keeping(Recipe used, List<Linear> linears, ErrorStart start) {
        if (!start.concentrated() || start.linears().isEmpty()) {
            return Optional.empty();
        }
        List<String> names = linears.stream()
                .filter(linear -> start.linears().stream().anyMatch(named -> isJoined(linear, named)))
                .map(Linear::name)
                .toList();
        List<ModuleOverride> overrides = new ArrayList<>(List.of(ModuleOverride.keeping(names)));
        overrides.addAll(used.overriding());
        return Optional.of(new NextRecipe(
                used.withOverrides(overrides), "which leaves the linears in which the error starts as they are"));
    }

    private static boolean isJoined(Linear linear, Linear named) {
        return linear.name().equals(named.name())
                || (linear.block() == named.block()
                        && JOINED.stream()
                                .anyMatch(joined -> joined.contains(leaf(linear)) && joined.contains(leaf(named))));
    }

    private static String leaf(Linear linear) {
        return linear.name().substring(linear.name().lastIndexOf('.') + 1);
    }

    private static Optional<NextRecipe> smallerGroups(Recipe used, List<Linear> linears) {
        boolean smaller = used.grid().groupSize() != SMALLEST_GROUP
                && linears.stream().anyMatch(linear -> linear.groupSize() == 0 || linear.groupSize() > SMALLEST_GROUP);
        return smaller && linears.stream().allMatch(linear -> fits(linear, List.of(SMALLEST_GROUP)))
                ? Optional.of(new NextRecipe(
                        used.withGrid(used.grid().withGroupSize(SMALLEST_GROUP)),
                        "with groups of " + SMALLEST_GROUP + " columns"))
                : Optional.empty();
    }

    private static Optional<NextRecipe> moreBits(Recipe used) {
        Grid grid = used.grid();
        if (grid.bits() == MOST_BITS) {
            return Optional.empty();
        }
        // Beyond four bits loaders run eight.
        int bits = grid.bits() < MANY_BITS ? grid.bits() + 1 : MOST_BITS;
        Grid wider = new Grid(bits, grid.groupSize(), grid.symmetric(), grid.clipSearch());
        return Optional.of(new NextRecipe(used.withGrid(wider), "with " + bits + " bits"));
    }

    /** The recipe under the name that says what it does. */
    public Recipe named() {
        return recipe.withName(RecipeNames.of(recipe));
    }

    /** One sentence for people. */
    public String sentence() {
        String name = RecipeNames.of(recipe);
        return Recipes.names().contains(name)
                ? "Try the recipe " + name + " next, " + change
                : "Try this recipe next, " + change + ": " + text();
    }

    /** What a file for {@code --recipe} holds, as short as it can be. */
    public String text() {
        return Recipes.names().stream()
                .map(this::extending)
                .filter(this::isRead)
                .min(Comparator.comparingInt(String::length))
                .orElseGet(() -> Json.write(RecordCodec.write(recipe)));
    }

    private String extending(String base) {
        JsonObject changes = changes(
                RecordCodec.writeObject(Recipes.find(base)).without("name"),
                RecordCodec.writeObject(recipe).without("name"));
        JsonObject head =
                JsonObject.EMPTY.with(ApiVersion.MEMBER, JobRequest.API_VERSION).with("extends", base);
        return Json.write(head.with(changes));
    }

    /** The members that the base has not, or has otherwise. */
    private static JsonObject changes(JsonObject base, JsonObject wanted) {
        JsonObject changes = JsonObject.EMPTY;
        for (Map.Entry<String, JsonValue> member : wanted.members().entrySet()) {
            JsonValue value = member.getValue();
            JsonValue before = base.get(member.getKey());
            if (!value.equals(before)) {
                JsonValue change =
                        before instanceof JsonObject old && value instanceof JsonObject own ? changes(old, own) : value;
                changes = changes.with(member.getKey(), change);
            }
        }
        return changes;
    }

    /** What the recipe leaves out is the base's, which may be other than nothing, or not go with the rest. */
    private boolean isRead(String text) {
        try {
            return Recipes.read(text).withName(recipe.name()).equals(recipe);
        } catch (QuernException e) {
            return false;
        }
    }
}
