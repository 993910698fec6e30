package dev.quern.recipes.view;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A worker that is there, as GET /api/v1/workers answers it. One that has not been heard of for a minute is not listed
 * any more.
 *
 * @param name as boards and reports have it
 * @param workerClass which queue it serves
 * @param device that it computes on
 * @param since when it came
 * @param lastSeen when it was heard of last
 * @param busy whether it has work, of any tenant
 * @param doing what it does for the tenant; null where it does nothing for it
 * @param working the blocks of the tenant's jobs that it has in work
 * @param blocks that it finished, of the tenant's jobs that are unfinished or ended within a day
 * @param lastDone when it finished its last linear of those; null before the first
 */
public record WorkerView(
        String name,
        String workerClass,
        Device device,
        Instant since,
        Instant lastSeen,
        boolean busy,
        @Nullable Doing doing,
        List<Work> working,
        int blocks,
        @Nullable Instant lastDone) {
    public WorkerView {
        working = List.copyOf(working);
    }

    /**
     * What a worker computes on.
     *
     * @param id which device of its machine: {@code cpu}, or a kind and a number such as {@code cuda:0}
     * @param backend for example {@code OpenBLAS 0.3.30 (Haswell)}
     * @param profile numeric profile: workers of one profile make the same bits
     * @param threads that compute
     * @param memoryBytes that its work may use
     * @param hostMemoryBytes that its work may use in the process, beside the device's memory; null where both are one
     * @param flopsPerSecond of the products of a forward, measured when the worker started; null from a worker that did
     *     not measure
     * @param bytesPerSecond of weights that are taken into the device's memory, likewise
     */
    public record Device(
            String id,
            String backend,
            String profile,
            int threads,
            long memoryBytes,
            @Nullable Long hostMemoryBytes,
            @Nullable Double flopsPerSecond,
            @Nullable Double bytesPerSecond) {}

    /**
     * A piece of work.
     *
     * @param job its id
     * @param what in words
     */
    public record Doing(String job, String what) {}

    /** A block of a job. */
    public record Work(String job, int block) {}

    /** GET /api/v1/workers. */
    public record Page(List<WorkerView> workers) {
        public Page {
            workers = List.copyOf(workers);
        }
    }
}
