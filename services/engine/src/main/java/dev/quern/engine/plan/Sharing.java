package dev.quern.engine.plan;

import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.statistics.StatisticsCost;
import dev.quern.engine.tiling.SumRuns;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How workers share each block of a sequential walk. Changes no bit.
 *
 * @param runs of tiles, whose statistics are summed side by side
 * @param units work units, which are compressed side by side; of the block that has most of them
 */
public record Sharing(int runs, int units) {
    /** Handing out the steps of a block, each to a worker that has nothing of it in memory. */
    private static final double SECONDS_PER_BLOCK = 5;

    /**
     * Null where one worker makes each block alone: the blocks do not depend on each other, there is only one worker,
     * or a block takes less time than sharing it. A job that asks for several segments is shared; one that asks for one
     * segment is not.
     */
    static @Nullable Sharing of(
            Architecture architecture, Recipe recipe, Tiling tiling, Fanout fanout, TimeModel time) {
        if (!recipe.walksCompressed()) {
            return null;
        }
        Sharing sharing = new Sharing(
                SumRuns.of(recipe, tiling).size(),
                architecture.programs().stream()
                        .mapToInt(program -> program.units().size())
                        .max()
                        .orElse(0));
        Integer wish = fanout.segments();
        boolean worthIt = time.sharedBlock(sharing, fanout.workers()) + SECONDS_PER_BLOCK < time.block();
        return (wish == null ? worthIt : wish > 1) ? sharing : null;
    }

    /** Bytes of the sums that the store holds while a block is in work, with one on its way there. */
    long bytes(Architecture architecture, StatisticsCost cost) {
        return architecture.programs().stream()
                .mapToLong(program -> bytes(program, cost))
                .max()
                .orElse(0);
    }

    private long bytes(BlockProgram program, StatisticsCost cost) {
        List<Long> sums = program.units().stream().map(cost::storedBytes).toList();
        long run = sums.stream().mapToLong(Long::longValue).sum();
        return runs * run + sums.stream().mapToLong(Long::longValue).max().orElse(0);
    }
}
