package dev.quern.recipes;

import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Recipe.Rounding;
import dev.quern.recipes.activation.Activations;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Names that say what a recipe does: {@code gptq-w4a16}, {@code rtn-w8a16-asym-g64}. No two recipes share one. */
public final class RecipeNames {
    private static final int HASH_DIGITS = 6;

    private RecipeNames() {}

    /**
     * A recipe's name by its values: method, bits, grid and group, the propagation where it is not the usual one, and a
     * hash where it differs from the built-in recipes in more. A built-in recipe has its own name.
     */
    public static String of(Recipe recipe) {
        for (Recipe builtIn : Recipes.all()) {
            if (isLike(recipe, builtIn)) {
                return builtIn.name() + propagation(recipe, builtIn);
            }
        }
        Grid grid = recipe.grid();
        Rounding rounding = recipe.rounding();
        String name = rounding.shortName() + "-w" + grid.bits() + kinds(recipe) + (grid.symmetric() ? "" : "-asym")
                + group(grid.groupSize());
        Recipe usual = new Recipe(
                name,
                usualPropagation(rounding),
                new Grid(grid.bits(), grid.groupSize(), grid.symmetric(), rounding.usualClipSearch()),
                rounding.usual(),
                true,
                null,
                null,
                Pruning.usual(recipe.mask()),
                null);
        boolean another =
                Recipes.all().stream().anyMatch(builtIn -> builtIn.name().equals(name));
        return isLike(recipe, usual) && !another
                ? name + propagation(recipe, usual)
                : name + "-" + hash(recipe.withName(name));
    }

    /** In all but name and propagation; what differs mostly differs in grid or rounding, which takes no JSON to see. */
    private static boolean isLike(Recipe recipe, Recipe other) {
        return recipe.grid().equals(other.grid())
                && recipe.rounding().equals(other.rounding())
                && recipe.reproducible() == other.reproducible()
                && Objects.equals(recipe.activations(), other.activations())
                && recipe.decisive().equals(other.decisive());
    }

    private static String propagation(Recipe recipe, Recipe usual) {
        return recipe.propagation() == usual.propagation()
                ? ""
                : "-" + recipe.propagation().name().toLowerCase(Locale.ROOT);
    }

    /** The propagation that built-in recipes have with a method. */
    public static Propagation usualPropagation(Rounding rounding) {
        return switch (rounding) {
            case Nearest nearest -> Propagation.INDEPENDENT;
            case Gptq gptq -> Propagation.SEQUENTIAL;
            case Yaqa yaqa ->
                yaqa.inputFactor() == Yaqa.InputFactor.FISHER ? Propagation.INDEPENDENT : Propagation.SEQUENTIAL;
            case Obr obr -> Propagation.SEQUENTIAL;
        };
    }

    /** Activations of 16 bits are what a mask is shown in place of. */
    private static String kinds(Recipe recipe) {
        Activations activations = recipe.activations();
        Pruning mask = recipe.mask();
        if (activations == null) {
            return mask == null ? "a16" : mask.shortName();
        }
        return activations.shortName()
                + (mask == null ? "" : "-" + mask.shortName().replaceFirst("^-", ""));
    }

    private static String group(int size) {
        return switch (size) {
            case Grid.AUTO -> "";
            case 0 -> "-row";
            default -> "-g" + size;
        };
    }

    /**
     * Refuses a recipe that has a built-in one's name and does something else. Groups of 128 are what the built-in
     * recipes take where they can.
     *
     * @throws QuernException INVALID_RECIPE that names the first value that differs
     */
    public static void requireOwn(Recipe recipe) {
        if (!Recipes.names().contains(recipe.name())) {
            return;
        }
        boolean usual = recipe.grid().groupSize() == Grid.SIZES.getFirst();
        Recipe same = usual ? recipe.withGrid(recipe.grid().withGroupSize(Grid.AUTO)) : recipe;
        JsonObject own = RecordCodec.writeObject(same);
        JsonObject builtIn = RecordCodec.writeObject(Recipes.find(recipe.name()));
        difference("", own, builtIn).or(() -> difference("", builtIn, own)).ifPresent(value -> {
            String message = "name: " + recipe.name()
                    + " (expected: another name, or none; the built-in recipe of this name has another " + value
                    + ")";
            throw new QuernException(ErrorCode.INVALID_RECIPE, message, List.of(new Violation("/name", message)));
        });
    }

    /** The path of the first member that the other object has not, or has otherwise. */
    private static Optional<String> difference(String path, JsonObject one, JsonObject other) {
        for (Map.Entry<String, JsonValue> member : one.members().entrySet()) {
            String name = path + member.getKey();
            JsonValue against = other.get(member.getKey());
            if (member.getValue() instanceof JsonObject mine && against instanceof JsonObject theirs) {
                Optional<String> found = difference(name + ".", mine, theirs);
                if (found.isPresent()) {
                    return found;
                }
            } else if (!member.getValue().equals(against)) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    private static String hash(Recipe recipe) {
        return Digests.sha256(Json.canonical(RecordCodec.write(recipe))).substring(0, HASH_DIGITS);
    }
}
