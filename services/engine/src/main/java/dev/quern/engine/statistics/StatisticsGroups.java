package dev.quern.engine.statistics;

import dev.quern.engine.model.WorkUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * Which work units of a block have their statistics in memory at once. All of them where they fit, and one pass over
 * the tiles is enough; else as many as fit, with one more pass for each further group. This changes no bit.
 */
public final class StatisticsGroups {
    private StatisticsGroups() {}

    /**
     * Groups in program order, each within the budget; a unit that alone exceeds it stands alone.
     *
     * @param buffers sums that are held for each
     */
    public static List<List<WorkUnit>> of(List<WorkUnit> units, StatisticsCost cost, long budget, int buffers) {
        List<List<WorkUnit>> groups = new ArrayList<>();
        long free = -1;
        for (WorkUnit unit : units) {
            if (buffers * cost.bytes(unit) > free) {
                groups.add(new ArrayList<>());
                free = budget;
            }
            groups.getLast().add(unit);
            free -= buffers * cost.bytes(unit);
        }
        return groups;
    }
}
