package dev.quern.engine.method;

import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Grid;
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

    /**
     * The recipe with an explicit group where {@link Grid#AUTO} takes the same one for every linear: what was made with that group
     * explicitly is the same, and has the same names.
     *
     * @throws QuernException SHAPE_MISMATCH when its group does not divide the columns of a linear, with the groups that fit all of them;
     *     INVALID_RECIPE when a pattern of {@code ignore} stands for no linear, or all of them stand for every one
     */
    public static Recipe resolve(Recipe recipe, Architecture architecture) {
        requirePatterns(recipe, architecture);
        List<LinearSpec> linears = compressed(recipe, architecture);
        if (linears.isEmpty()) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE,
                    "ignore: every linear (expected: patterns that leave linears to compress)");
        }
        requireGroups(recipe.grid(), linears);
        Set<Integer> sizes = linears.stream()
                .map(linear -> recipe.grid().groupSizeFor(linear.cols()))
                .collect(Collectors.toSet());
        return sizes.size() > 1
                ? recipe
                : recipe.withGrid(recipe.grid().withGroupSize(sizes.iterator().next()));
    }

    /** The linears of a block that the recipe compresses in one block at least. */
    public static List<LinearSpec> compressed(Recipe recipe, Architecture architecture) {
        return architecture.program().linears().stream()
                .filter(linear -> isCompressed(recipe, architecture, linear))
                .toList();
    }

    /** Those of the linears given, of one block, that the recipe compresses. */
    public static List<LinearSpec> compressed(
            Recipe recipe, Architecture architecture, int block, List<LinearSpec> linears) {
        return linears.stream()
                .filter(linear -> !recipe.ignores(architecture.prefix(block) + linear.name()))
                .toList();
    }

    /** The modules that keep their weights by {@code ignore}, block after block. */
    public static List<String> ignored(Recipe recipe, Architecture architecture) {
        return modules(architecture).filter(recipe::ignores).toList();
    }

    private static Stream<String> modules(Architecture architecture) {
        return Stream.iterate(0, block -> block < architecture.blocks(), block -> block + 1)
                .flatMap(block -> architecture.program().linears().stream()
                        .map(linear -> architecture.prefix(block) + linear.name()));
    }

    private static boolean isCompressed(Recipe recipe, Architecture architecture, LinearSpec linear) {
        return Stream.iterate(0, block -> block < architecture.blocks(), block -> block + 1)
                .anyMatch(block -> !recipe.ignores(architecture.prefix(block) + linear.name()));
    }

    private static void requirePatterns(Recipe recipe, Architecture architecture) {
        List<String> patterns = recipe.ignore() == null ? List.of() : recipe.ignore();
        for (String pattern : patterns) {
            boolean known = Stream.concat(modules(architecture), KEPT.stream())
                    .anyMatch(module -> Recipe.matches(pattern, module));
            if (!known) {
                String example = architecture.prefix(0)
                        + architecture.program().linears().getLast().name();
                throw new QuernException(
                        ErrorCode.INVALID_RECIPE,
                        "ignore: " + pattern
                                + " (expected: a pattern that stands for linears of the model, which are called as in "
                                + example + ")");
            }
        }
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
