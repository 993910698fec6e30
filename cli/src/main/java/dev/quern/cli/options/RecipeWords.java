package dev.quern.cli.options;

import dev.quern.recipes.Loading;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.drawing.OverrideWords;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Recipes as a person reads them. */
public final class RecipeWords {
    private RecipeWords() {}

    /**
     * A line, for example {@code gptq-w4a16: 4 bits, groups of 64, symmetric, gptq (order static, damping 0.01), mse
     * clip search}.
     */
    public static String of(Recipe recipe) {
        Recipe.Grid grid = recipe.grid();
        List<String> words = new ArrayList<>();
        words.add(grid.bits() + " bits");
        words.add(OverrideWords.groups(grid.groupSize()));
        words.add(grid.symmetric() ? "symmetric" : "asymmetric");
        words.add(OverrideWords.rounding(recipe.rounding()));
        words.add("clip search " + lower(grid.clipSearch()));
        if (recipe.transform() != null) {
            words.add(recipe.transform().title());
        }
        if (recipe.mask() != null) {
            words.add(recipe.mask().title());
        }
        if (recipe.activations() != null) {
            words.add(recipe.activations().title());
        }
        if (recipe.needsCalibration()) {
            words.add(lower(recipe.propagation()) + " propagation");
        }
        String line = recipe.name() + ": " + String.join(", ", words);
        return String.join(
                "; ",
                Stream.concat(Stream.of(line), OverrideWords.of(recipe).stream())
                        .toList());
    }

    /** Loaders that do not take what it makes in a format as it is. */
    public static List<String> loading(Recipe recipe, String format) {
        return Loading.of(format, recipe).stream()
                .filter(loading -> loading.answer() != Loading.Answer.LOADS)
                .map(loading -> recipe.name() + ": " + loading.sentence())
                .toList();
    }

    public static String group(int size) {
        return switch (size) {
            case Recipe.Grid.AUTO -> "auto";
            case 0 -> "row";
            default -> Integer.toString(size);
        };
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
