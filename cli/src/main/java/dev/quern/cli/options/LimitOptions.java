package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import dev.quern.recipes.JobRequest.Limits;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** When a job gives up. */
@Heading(value = "Limits", order = 5)
final class LimitOptions {
    @Option(
            names = "--max-pending",
            paramLabel = "SECONDS",
            description = "Fail when no worker has taken the job within this time.")
    private @Nullable Integer maxPending;

    @Option(names = "--max-runtime", paramLabel = "SECONDS", description = "Fail when the job runs for longer.")
    private @Nullable Integer maxRuntime;

    /** Null where there are none. */
    @Nullable
    Limits toLimits() {
        return maxPending == null && maxRuntime == null ? null : new Limits(maxPending, maxRuntime);
    }
}
