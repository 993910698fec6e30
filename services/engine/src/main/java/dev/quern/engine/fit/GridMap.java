package dev.quern.engine.fit;

import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Loading.Packed;
import dev.quern.recipes.Loading.Packing;
import dev.quern.recipes.Recipe;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The grid of each linear of a model.
 *
 * @param linears in the order of the model; empty for a linear that keeps its weights
 */
public record GridMap(Map<LinearId, Optional<IntegerShape>> linears) {
    /**
     * Linears on one grid.
     *
     * @param everywhere linears, named within a block, that are on this grid in every block that compresses them
     * @param modules the others, by full name
     */
    public record Group(IntegerShape grid, List<String> everywhere, List<String> modules) {
        public Group {
            everywhere = List.copyOf(everywhere);
            modules = List.copyOf(modules);
        }

        /** Both, for people. */
        public List<String> names() {
            List<String> names = new ArrayList<>(everywhere);
            names.addAll(modules);
            return names;
        }
    }

    public GridMap {
        linears = Collections.unmodifiableMap(new LinkedHashMap<>(linears));
    }

    /** As a recipe puts the linears of a model on grids; throws as {@link RecipeFit#resolve}. */
    public static GridMap of(Recipe recipe, Architecture architecture) {
        Recipe resolved = RecipeFit.resolve(recipe, architecture);
        Map<LinearId, Optional<IntegerShape>> linears = new LinkedHashMap<>();
        RecipeFit.modules(architecture)
                .forEach(module -> linears.put(
                        module.id(),
                        resolved.of(module.name())
                                .map(treatment -> IntegerShape.of(
                                        treatment.grid(), module.linear().cols()))));
        return new GridMap(linears);
    }

    /** Every linear of a model on one grid. */
    public static GridMap of(IntegerShape grid, Architecture architecture) {
        Map<LinearId, Optional<IntegerShape>> linears = new LinkedHashMap<>();
        RecipeFit.modules(architecture).forEach(module -> linears.put(module.id(), Optional.of(grid)));
        return new GridMap(linears);
    }

    /** The grid of a linear; empty where it keeps its weights, or is none of the model's. */
    public Optional<IntegerShape> of(LinearId linear) {
        return linears.getOrDefault(linear, Optional.empty());
    }

    /** Modules that keep their weights. */
    public List<String> kept() {
        return linears.entrySet().stream()
                .filter(linear -> linear.getValue().isEmpty())
                .map(linear -> linear.getKey().module())
                .toList();
    }

    /** The linears by their grids, in the order in which the grids come first. */
    public List<Group> groups() {
        Map<String, Set<IntegerShape>> everywhere = new LinkedHashMap<>();
        linears.forEach((linear, grid) -> grid.ifPresent(shape -> everywhere
                .computeIfAbsent(linear.name(), name -> new LinkedHashSet<>())
                .add(shape)));
        Map<IntegerShape, Set<String>> names = new LinkedHashMap<>();
        Map<IntegerShape, List<String>> others = new LinkedHashMap<>();
        linears.forEach((linear, grid) -> grid.ifPresent(shape -> {
            Set<String> same = names.computeIfAbsent(shape, each -> new LinkedHashSet<>());
            if (everywhere.getOrDefault(linear.name(), Set.of()).size() == 1) {
                same.add(linear.name());
            } else {
                others.computeIfAbsent(shape, each -> new ArrayList<>()).add(linear.module());
            }
        }));
        return names.entrySet().stream()
                .map(group -> new Group(
                        group.getKey(), List.copyOf(group.getValue()), others.getOrDefault(group.getKey(), List.of())))
                .toList();
    }

    /** What loaders decide by. */
    public Packing packing() {
        Map<String, Optional<Packed>> packed = new LinkedHashMap<>();
        linears.forEach((linear, grid) -> packed.put(linear.module(), grid.map(IntegerShape::packed)));
        return Packing.of(packed);
    }
}
