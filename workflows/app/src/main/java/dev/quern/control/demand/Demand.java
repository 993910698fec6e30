package dev.quern.control.demand;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Work that waits for workers of one kind.
 *
 * @param workerClass of the workers that may take it; null is any
 * @param profile the numeric profile that they must have; null is any
 * @param waitingJobs jobs for which no worker does anything
 * @param pieces of work that no worker has taken, of those jobs and of jobs that are worked for: so many workers would
 *     be busy at once
 */
public record Demand(@Nullable String workerClass, @Nullable String profile, int waitingJobs, int pieces) {
    /** The sums, one for each class and profile. */
    static List<Demand> total(Collection<Demand> demands) {
        return List.copyOf(demands.stream()
                .collect(Collectors.toMap(
                        demand -> Arrays.asList(demand.workerClass, demand.profile), demand -> demand, Demand::plus))
                .values());
    }

    private Demand plus(Demand other) {
        return new Demand(workerClass, profile, waitingJobs + other.waitingJobs, pieces + other.pieces);
    }
}
