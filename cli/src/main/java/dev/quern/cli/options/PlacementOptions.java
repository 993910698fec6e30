package dev.quern.cli.options;

import dev.quern.cli.client.WorkerOptions;
import dev.quern.cli.command.Heading;
import dev.quern.recipes.JobRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which workers do it, and how it is divided; changes no byte of the result. */
@Heading(value = "Where it runs", order = 6)
public final class PlacementOptions {
    @Mixin
    private WorkerOptions workers = new WorkerOptions();

    @Option(
            names = "--segments",
            paramLabel = "N",
            description = "Runs of blocks that are compressed side by side (default: as many as pay).")
    private @Nullable Integer segments;

    public WorkerOptions workers() {
        return workers;
    }

    @Nullable
    public Integer segments() {
        return segments;
    }

    /** Null leaves it to the planner. */
    JobRequest.@Nullable Placement toPlacement() {
        return workers.workerClass() == null && segments == null
                ? null
                : new JobRequest.Placement(workers.workerClass(), segments);
    }
}
