package dev.quern.engine.format;

import dev.quern.engine.method.RecipeFit;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.recipes.Loading.Packing;
import dev.quern.recipes.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The grids of an output: one for every linear, or several that each hold some of a block's.
 *
 * @param groups at least one, in the order in which their first linears come
 * @param ignored modules of blocks that kept their weights, by full name
 */
public record PackedGrids(List<Group> groups, List<String> ignored) {
    /**
     * @param linears named within a block; empty is every one
     */
    public record Group(PackedGrid grid, List<String> linears) {
        public Group {
            linears = List.copyOf(linears);
        }
    }

    public PackedGrids {
        groups = List.copyOf(groups);
        ignored = List.copyOf(ignored);
    }

    /** Every linear on one grid. */
    public static PackedGrids of(PackedGrid grid) {
        return new PackedGrids(List.of(new Group(grid, List.of())), List.of());
    }

    /** As a recipe puts the linears of a model on grids; throws as {@link RecipeFit#resolve}. */
    public static PackedGrids of(Recipe recipe, Architecture architecture) {
        Recipe.Grid grid = RecipeFit.resolve(recipe, architecture).grid();
        List<String> ignored = RecipeFit.ignored(recipe, architecture);
        if (grid.groupSize() != Recipe.Grid.AUTO) {
            return new PackedGrids(List.of(new Group(PackedGrid.of(grid), List.of())), ignored);
        }
        Map<Integer, List<String>> bySize = new LinkedHashMap<>();
        for (LinearSpec linear : RecipeFit.compressed(recipe, architecture)) {
            bySize.computeIfAbsent(grid.groupSizeFor(linear.cols()), size -> new ArrayList<>())
                    .add(linear.name());
        }
        List<Group> groups = new ArrayList<>();
        bySize.forEach((size, linears) -> groups.add(new Group(PackedGrid.of(grid.withGroupSize(size)), linears)));
        return new PackedGrids(groups, ignored);
    }

    /**
     * The grid of a linear.
     *
     * @param linear within a block
     * @throws IllegalArgumentException for a linear of no group
     */
    public PackedGrid of(String linear) {
        return groups.stream()
                .filter(group -> group.linears().isEmpty() || group.linears().contains(linear))
                .map(Group::grid)
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("linear: " + linear + " (expected: one of " + groups + ")"));
    }

    /** Whether a linear, named within a block, is compressed in any. */
    public boolean holds(String linear) {
        return groups.stream()
                .anyMatch(group -> group.linears().isEmpty() || group.linears().contains(linear));
    }

    /** True for a module that kept its weights. */
    public boolean ignores(String module) {
        return ignored.contains(module);
    }

    /** What loaders decide by. */
    public Packing packing() {
        PackedGrid first = groups.getFirst().grid();
        return new Packing(
                first.bits(),
                groups.stream().map(group -> group.grid().groupSize()).collect(Collectors.toSet()),
                first.symmetric(),
                ignored);
    }
}
