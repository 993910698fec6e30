package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a job is called, and how it is found again. */
@Heading(value = "Result", order = 2)
final class NameOptions {
    @Option(names = "--name", paramLabel = "S", description = "What lists call the job.")
    private @Nullable String name;

    @Option(
            names = "--label",
            paramLabel = "KEY=VALUE",
            description = "A label of the job, for filters; may be repeated.")
    private Map<String, String> labels = Map.of();

    @Nullable
    String name() {
        return name;
    }

    Map<String, String> labels() {
        return labels;
    }
}
