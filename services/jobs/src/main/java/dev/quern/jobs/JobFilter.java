package dev.quern.jobs;

import dev.quern.recipes.job.JobState;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs a list shows.
 *
 * @param state null is every state
 * @param labels all of these
 */
public record JobFilter(@Nullable JobState state, Map<String, String> labels) {
    public static final JobFilter ALL = new JobFilter(null, Map.of());

    public JobFilter {
        labels = Map.copyOf(labels);
    }
}
