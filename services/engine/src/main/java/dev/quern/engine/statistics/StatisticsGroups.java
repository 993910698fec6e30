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

    /** Bytes of H, float64 [cols, cols]. */
    static long bytes(WorkUnit unit) {
        return (long) unit.cols() * unit.cols() * Double.BYTES;
    }

    /**
     * Groups in program order, each within the budget; a unit that alone exceeds it stands alone.
     *
     * @param buffers matrices that are held for each H
     */
    public static List<List<WorkUnit>> of(List<WorkUnit> units, long budget, int buffers) {
        List<List<WorkUnit>> groups = new ArrayList<>();
        long free = -1;
        for (WorkUnit unit : units) {
            if (buffers * bytes(unit) > free) {
                groups.add(new ArrayList<>());
                free = budget;
            }
            groups.getLast().add(unit);
            free -= buffers * bytes(unit);
        }
        return groups;
    }
}
