package dev.quern.recipes.drawing;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.ModuleOverride;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The overrides of a recipe as a person reads them. */
public final class OverrideWords {
    private OverrideWords() {}

    /** A line for each, for example {@code *.down_proj: 8 bits} or {@code model.layers.0.*: not compressed}. */
    public static List<String> of(Recipe recipe) {
        return recipe.overriding().stream()
                .map(override -> String.join(", ", override.modules()) + ": " + treatment(recipe, override))
                .toList();
    }

    private static String treatment(Recipe recipe, ModuleOverride override) {
        if (override.keep() != null) {
            return "not compressed";
        }
        List<String> words = new ArrayList<>();
        Grid grid = override.grid();
        if (grid != null) {
            words.addAll(differences(recipe.grid(), grid));
        }
        if (override.rounding() != null && !override.rounding().equals(recipe.rounding())) {
            words.add(rounding(override.rounding()));
        }
        return words.isEmpty() ? "as the others" : String.join(", ", words);
    }

    private static List<String> differences(Grid common, Grid own) {
        List<String> words = new ArrayList<>();
        if (own.bits() != common.bits()) {
            words.add(own.bits() + " bits");
        }
        if (own.groupSize() != common.groupSize()) {
            words.add(groups(own.groupSize()));
        }
        if (own.symmetric() != common.symmetric()) {
            words.add(own.symmetric() ? "symmetric" : "asymmetric");
        }
        if (own.clipSearch() != common.clipSearch()) {
            words.add("clip search " + own.clipSearch().name().toLowerCase(Locale.ROOT));
        }
        return words;
    }

    /** For example {@code groups of 64}. */
    public static String groups(int size) {
        return switch (size) {
            case Grid.AUTO -> "group auto";
            case 0 -> "group row";
            default -> "groups of " + size;
        };
    }

    /** For example {@code gptq (order static, damping 0.01)}. */
    public static String rounding(Recipe.Rounding rounding) {
        String parameters = rounding.parameters().entrySet().stream()
                .map(parameter -> parameter.getKey() + " " + parameter.getValue())
                .collect(Collectors.joining(", "));
        return rounding.shortName() + (parameters.isEmpty() ? "" : " (" + parameters + ")");
    }
}
