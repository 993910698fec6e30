package dev.quern.engine.fit;

import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The grid of each linear of a model.
 *
 * @param modules by the module's name, in the order of the model; empty for a linear that keeps its weights
 */
public record GridMap(Map<String, Optional<IntegerShape>> modules) {
    /** A module of a numbered block, and its name within the block. */
    private static final Pattern IN_BLOCK = Pattern.compile(".*?\\.\\d+\\.(.+)");

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
        modules = Collections.unmodifiableMap(new LinkedHashMap<>(modules));
    }

    /** As a recipe puts the linears of a model on grids; throws as {@link RecipeFit#resolve}. */
    public static GridMap of(Recipe recipe, Architecture architecture) {
        Recipe resolved = RecipeFit.resolve(recipe, architecture);
        Map<String, Optional<IntegerShape>> modules = new LinkedHashMap<>();
        RecipeFit.modules(architecture)
                .forEach(module -> modules.put(
                        module.name(),
                        resolved.of(module.name())
                                .map(treatment -> IntegerShape.of(
                                        treatment.grid(), module.linear().cols()))));
        return new GridMap(modules);
    }

    /** Every linear of a model on one grid. */
    public static GridMap of(IntegerShape grid, Architecture architecture) {
        Map<String, Optional<IntegerShape>> modules = new LinkedHashMap<>();
        RecipeFit.modules(architecture).forEach(module -> modules.put(module.name(), Optional.of(grid)));
        return new GridMap(modules);
    }

    /** The grid of a module; empty where it keeps its weights, or is none of the model's. */
    public Optional<IntegerShape> of(String module) {
        return modules.getOrDefault(module, Optional.empty());
    }

    /** Modules that keep their weights. */
    public List<String> kept() {
        return modules.entrySet().stream()
                .filter(module -> module.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** The linears by their grids, in the order in which the grids come first. */
    public List<Group> groups() {
        Map<String, Set<IntegerShape>> everywhere = new LinkedHashMap<>();
        modules.forEach((module, grid) -> grid.ifPresent(shape -> everywhere
                .computeIfAbsent(withinBlock(module), name -> new LinkedHashSet<>())
                .add(shape)));
        Map<IntegerShape, Set<String>> names = new LinkedHashMap<>();
        Map<IntegerShape, List<String>> others = new LinkedHashMap<>();
        modules.forEach((module, grid) -> grid.ifPresent(shape -> {
            Set<String> same = names.computeIfAbsent(shape, each -> new LinkedHashSet<>());
            String name = withinBlock(module);
            if (everywhere.getOrDefault(name, Set.of()).size() == 1) {
                same.add(name);
            } else {
                others.computeIfAbsent(shape, each -> new ArrayList<>()).add(module);
            }
        }));
        return names.entrySet().stream()
                .map(group -> new Group(
                        group.getKey(), List.copyOf(group.getValue()), others.getOrDefault(group.getKey(), List.of())))
                .toList();
    }

    private static String withinBlock(String module) {
        Matcher name = IN_BLOCK.matcher(module);
        return name.matches() ? name.group(1) : module;
    }

    /** What loaders decide by. */
    public Packing packing() {
        Map<String, Optional<Packed>> packed = new LinkedHashMap<>();
        modules.forEach((module, grid) -> packed.put(module, grid.map(IntegerShape::packed)));
        return Packing.of(packed);
    }
}
