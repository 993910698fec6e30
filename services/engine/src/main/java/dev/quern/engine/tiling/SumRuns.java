package dev.quern.engine.tiling;

import dev.quern.engine.artifact.Provenance;
import dev.quern.recipes.Recipe;
import java.util.List;

/**
 * How H of a work unit is summed. With independent propagation tile by tile, in order. With sequential propagation H is
 * the sum over {@link Provenance#SUM_RUNS} runs of tiles, in order, of each run's own sum, tile by tile in order:
 * workers that share a block sum a run each, and one that walks alone adds in the same order. The runs follow from the
 * tiles alone, so they are part of what decides the bits and of the input keys, and nothing that a schedule may choose.
 */
public final class SumRuns {
    private SumRuns() {}

    /** The runs, in order; one where all tiles are summed at once. */
    public static List<TileRun> of(Recipe recipe, Tiling tiling) {
        return TileRun.split(tiling.tiles(), recipe.walksCompressed() ? Provenance.SUM_RUNS : 1);
    }

    /** How many matrices a walk holds for each H: the sum, and that of a run where there are several. */
    public static int buffers(Recipe recipe, Tiling tiling) {
        return of(recipe, tiling).size() > 1 ? 2 : 1;
    }
}
