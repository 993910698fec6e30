package dev.quern.engine.fit;

import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.transform.Transforms;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.ModuleOverride;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a recipe means for the linears of one model. */
public final class RecipeFit {
    /** What an error offers, beside one scale per row. */
    private static final List<Integer> USUAL_SIZES = List.of(256, 128, 64, 32, 16);
    /** Modules outside the blocks, which are never compressed; a pattern for one is right without effect. */
    private static final List<String> KEPT = List.of("lm_head", "model.embed_tokens");

    private RecipeFit() {}

    /** A linear of a model. */
    public record Module(LinearId id, LinearSpec linear) {
        /** For example {@code model.layers.0.mlp.down_proj}. */
        public String name() {
            return id.module();
        }
    }

    /** The linears of a model, block after block, in program order. */
    public static Stream<Module> modules(Architecture architecture) {
        return architecture.blocks().stream()
                .flatMap(block ->
                        block.program().linears().stream().map(linear -> new Module(block.id(linear), linear)));
    }

    /**
     * The recipe with explicit groups where {@link Grid#AUTO} takes the same one for every linear of a grid: what was
     * made with that group explicitly is the same, and has the same names.
     *
     * @throws QuernException SHAPE_MISMATCH when a group does not divide the columns of a linear, with the groups that
     *     fit all of its grid; INVALID_RECIPE when a pattern of an override names no linear, no linear is left to
     *     compress, or the transform is not made for this model
     */
    public static Recipe resolve(Recipe recipe, Architecture architecture) {
        requirePatterns(recipe, architecture);
        requireRuns(recipe, architecture);
        Transforms.check(recipe.transform(), architecture);
        if (modules(architecture).noneMatch(module -> recipe.of(module.name()).isPresent())) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE,
                    "overrides: every linear keeps its weights (expected: patterns that leave linears to compress)");
        }
        List<ModuleOverride> overrides = new ArrayList<>();
        for (ModuleOverride override : recipe.overriding()) {
            overrides.add(
                    override.grid() == null
                            ? override
                            : override.withGrid(explicit(recipe, override.grid(), architecture)));
        }
        return recipe.withGrid(explicit(recipe, recipe.grid(), architecture)).withOverrides(overrides);
    }

    /** One of the recipe's grids, with its group where one serves all of its linears. */
    private static Grid explicit(Recipe recipe, Grid grid, Architecture architecture) {
        List<LinearSpec> linears = modules(architecture)
                .filter(module -> recipe.of(module.name())
                        .filter(treatment -> treatment.grid().equals(grid))
                        .isPresent())
                .map(Module::linear)
                .distinct()
                .toList();
        requireGroups(grid, linears);
        Set<Integer> sizes =
                linears.stream().map(linear -> grid.groupSizeFor(linear.cols())).collect(Collectors.toSet());
        return sizes.size() == 1 ? grid.withGroupSize(sizes.iterator().next()) : grid;
    }

    /** Those of the linears given, of one block, that the recipe compresses. */
    public static List<LinearSpec> compressed(Recipe recipe, Block block, List<LinearSpec> linears) {
        return linears.stream()
                .filter(linear -> recipe.of(block.id(linear).module()).isPresent())
                .toList();
    }

    private static void requirePatterns(Recipe recipe, Architecture architecture) {
        for (ModuleOverride override : recipe.overriding()) {
            for (String pattern : override.modules()) {
                boolean known = Stream.concat(modules(architecture).map(Module::name), KEPT.stream())
                        .anyMatch(module -> Recipe.matches(pattern, module));
                if (!known) {
                    throw new QuernException(
                            ErrorCode.INVALID_RECIPE,
                            (override.keep() == null ? "overrides.modules: " : "ignore: ") + pattern
                                    + " (expected: a pattern that stands for linears of the model, which are called as"
                                    + " in " + example(architecture) + ")");
                }
            }
        }
    }

    private static void requireRuns(Recipe recipe, Architecture architecture) {
        if (recipe.mask() == null) {
            return;
        }
        for (LinearSpec linear : architecture.linears()) {
            if (linear.cols() % recipe.mask().run(linear.cols()) != 0) {
                throw new QuernException(
                        ErrorCode.SHAPE_MISMATCH,
                        "mask.pattern: %s (expected: runs that divide the %d columns of %s)"
                                .formatted(recipe.mask().pattern(), linear.cols(), linear.name()));
            }
        }
    }

    private static String example(Architecture architecture) {
        Block first = architecture.blocks().getFirst();
        return first.id(first.program().linears().getLast()).module();
    }

    private static void requireGroups(Grid grid, List<LinearSpec> linears) {
        for (LinearSpec linear : linears) {
            try {
                grid.groupSizeFor(linear.cols());
            } catch (QuernException e) {
                boolean auto = grid.groupSize() == Grid.AUTO;
                throw new QuernException(
                        e.code(),
                        "grid.groupSize: " + (auto ? "auto" : grid.groupSize()) + " (expected: a divisor of the "
                                + linear.cols() + " columns of " + linear.name() + "; " + fitting(linears, auto) + ")");
            }
        }
    }

    /** What could be asked for instead. */
    private static String fitting(List<LinearSpec> linears, boolean auto) {
        List<Integer> sizes = new ArrayList<>(USUAL_SIZES);
        sizes.removeIf(size -> linears.stream().anyMatch(linear -> linear.cols() % size != 0));
        sizes.add(0);
        String fit = sizes.stream().map(String::valueOf).collect(Collectors.joining(", "));
        boolean autoFits = !auto
                && linears.stream().allMatch(linear -> Grid.SIZES.stream().anyMatch(size -> linear.cols() % size == 0));
        return "these fit every linear, 0 as one scale per row: " + fit + "; ask for one with --group-size "
                + sizes.getFirst() + (autoFits ? ", or for the best of each linear with --group-size auto" : "");
    }
}
