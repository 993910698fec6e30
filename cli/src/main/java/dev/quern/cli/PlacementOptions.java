package dev.quern.cli;

import dev.quern.recipes.JobRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which workers do it, and how it is divided; changes no byte of the result. */
@Heading(value = "Where it runs", order = 6)
final class PlacementOptions {
    @Option(names = "--class", paramLabel = "NAME", description = "Class of the workers that may take the job.")
    private @Nullable String workerClass;

    @Option(
            names = "--segments",
            paramLabel = "N",
            description = "Runs of blocks that are compressed side by side (default: as many as pay).")
    private @Nullable Integer segments;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Workers of the embedded stack, which share this machine (default: 1).")
    private int workers = 1;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of each of them (default: the cores, divided between them).")
    private @Nullable Integer threads;

    int workers() {
        return workers;
    }

    @Nullable
    Integer threads() {
        return threads;
    }

    @Nullable
    Integer segments() {
        return segments;
    }

    /** Null leaves it to the planner. */
    JobRequest.@Nullable Placement toPlacement() {
        return workerClass == null && segments == null ? null : new JobRequest.Placement(workerClass, segments);
    }
}
