package dev.quern.engine.statistics;

import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.Obr;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Yaqa;
import dev.quern.recipes.Yaqa.InputFactor;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which gradients the recipes of a job are made from. All of it follows from recipes and tiles, since it decides bits:
 * the sums over several runs of tiles are added in order, so several workers may sum them. A power iteration has one
 * run: each of its passes needs what the one before summed over the whole text.
 *
 * @param seed of the labels
 * @param spec what is summed
 * @param fit runs of tiles whose sums are added
 * @param heldOut the run of tiles that results are judged by
 */
public record SketchPlan(long seed, SketchSpec spec, List<TileRun> fit, TileRun heldOut) {
    /** Each has sums of its own, which the store keeps. */
    private static final int RUNS = 4;

    public SketchPlan {
        fit = List.copyOf(fit);
    }

    /**
     * Empty where no recipe needs a gradient.
     *
     * @throws QuernException INVALID_RECIPE when two methods of one job ask for different gradients; INVALID_DATASET
     *     when the text has too few windows
     */
    public static Optional<SketchPlan> of(List<Recipe> recipes, Tiling tiling) {
        List<Yaqa> methods = methods(recipes);
        if (methods.isEmpty()) {
            return Optional.empty();
        }
        Yaqa first = methods.getFirst();
        int asked = first.heldOut(tiling.windows());
        for (Yaqa other : methods) {
            require("rounding.seed", other.seed(), first.seed());
            require("rounding.holdOut", other.heldOut(tiling.windows()), asked);
            require(
                    "rounding.sketch",
                    other.sketchOrWindows().title(),
                    first.sketchOrWindows().title());
        }
        // Whole tiles: at least one of them is held out, and one is not.
        int tiles = Math.ceilDiv(asked, tiling.windowsPerTile());
        int fitted = Math.max(0, tiling.tiles() - tiles);
        int windows = Math.min(tiling.windows(), fitted * tiling.windowsPerTile());
        int needed = methods.stream().mapToInt(Yaqa::minimumWindows).max().orElseThrow();
        if (windows < needed) {
            throw new QuernException(
                    ErrorCode.INVALID_DATASET,
                    "calibration: %d windows of %d tokens, of which %d are held out (expected: at least %d besides, which"
                                    .formatted(tiling.windows(), tiling.seqLen(), tiling.windows() - windows, needed)
                            + " rounding.minimumWindows asks for; ask for more windows or name a longer text, or ask"
                            + " for shorter windows)");
        }
        Sides sides =
                methods.stream().anyMatch(yaqa -> yaqa.inputFactor() == InputFactor.FISHER) ? Sides.BOTH : Sides.OUTER;
        SketchSpec spec = new SketchSpec(first.sketchOrWindows(), sides);
        // A further pass weighs each token by the sums over all of them.
        List<TileRun> fit = TileRun.split(fitted, spec.passes() == 1 ? RUNS : 1);
        return Optional.of(new SketchPlan(first.seed(), spec, fit, new TileRun(fitted, tiling.tiles())));
    }

    /** Whether a recipe needs gradients. */
    public static boolean isNeeded(List<Recipe> recipes) {
        return !methods(recipes).isEmpty();
    }

    private static List<Yaqa> methods(List<Recipe> recipes) {
        return recipes.stream()
                .flatMap(recipe -> recipe.roundings().stream())
                .flatMap(SketchPlan::yaqa)
                .toList();
    }

    private static Stream<Yaqa> yaqa(Recipe.Rounding rounding) {
        return switch (rounding) {
            case Recipe.Nearest() -> Stream.empty();
            case Recipe.Gptq gptq -> Stream.empty();
            case Obr obr -> Stream.empty();
            case Yaqa yaqa -> Stream.of(yaqa);
        };
    }

    private static <T> void require(String name, T found, T expected) {
        if (!found.equals(expected)) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE,
                    name + ": " + found + " (expected: " + expected
                            + ", as another method of this job has it: they share gradients)");
        }
    }

    /** All runs, those held out last. */
    public List<TileRun> runs() {
        return Stream.concat(fit.stream(), Stream.of(heldOut)).toList();
    }
}
