package dev.quern.jobs;

import dev.quern.recipes.view.JobView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of jobs, newest first.
 *
 * @param next the cursor of the next page, null on the last
 */
public record JobPage(List<Job> jobs, @Nullable String next) {
    public JobPage {
        jobs = List.copyOf(jobs);
    }

    public JobView.Page view() {
        return new JobView.Page(jobs.stream().map(Job::view).toList(), next);
    }
}
