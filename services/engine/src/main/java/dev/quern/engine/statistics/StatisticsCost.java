package dev.quern.engine.statistics;

import dev.quern.engine.artifact.StatisticsArtifact;
import dev.quern.engine.model.WorkUnit;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Needs;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What it takes to record statistics of a work unit. Walks and plans ask the same figures.
 *
 * @param needs of all methods that share the walk
 */
public record StatisticsCost(Set<Needs> needs) {
    /** For outputs that share a walk; nothing where there is none. */
    public static StatisticsCost of(List<Recipe> recipes) {
        return new StatisticsCost(
                recipes.stream().flatMap(recipe -> recipe.needs().stream()).collect(Collectors.toSet()));
    }

    /** Bytes of the sums in memory. */
    public long bytes(WorkUnit unit) {
        return needs.stream().mapToLong(each -> bytes(each, unit)).sum();
    }

    private static long bytes(Needs needs, WorkUnit unit) {
        return switch (needs) {
            case NOTHING -> 0;
            case INPUTS -> (long) unit.cols() * unit.cols() * Double.BYTES;
        };
    }

    /** Bytes of the sums as artifacts. */
    public long storedBytes(WorkUnit unit) {
        return needs.stream().mapToLong(each -> storedBytes(each, unit)).sum();
    }

    private static long storedBytes(Needs needs, WorkUnit unit) {
        return switch (needs) {
            case NOTHING -> 0;
            case INPUTS -> StatisticsArtifact.bytes(unit.cols());
        };
    }

    /** Operations for each token. */
    public double operations(WorkUnit unit) {
        return needs.stream().mapToDouble(each -> operations(each, unit)).sum();
    }

    private static double operations(Needs needs, WorkUnit unit) {
        return switch (needs) {
            case NOTHING -> 0;
            case INPUTS -> (double) unit.cols() * unit.cols();
        };
    }
}
