package dev.quern.recipes.view;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A worker as GET /api/v1/workers answers it.
 *
 * @param name as boards and reports have it; it begins with the worker's class
 * @param working the blocks that it has in work
 * @param blocks that it finished, of jobs that are unfinished or ended within a day
 * @param lastDone when it finished its last linear; null before the first
 */
public record WorkerView(
        String name,
        List<Work> working,
        int blocks,
        @Nullable Instant lastDone) {
    public WorkerView {
        working = List.copyOf(working);
    }

    /** A block of a job. */
    public record Work(String job, int block) {}

    /** GET /api/v1/workers. */
    public record Page(List<WorkerView> workers) {
        public Page {
            workers = List.copyOf(workers);
        }
    }
}
