package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import dev.quern.cli.results.Place;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a report goes. */
@Heading(value = "Result", order = 2)
public final class ReportOptions {
    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Where the report goes too: a folder that is empty or does not exist, or s3://bucket/prefix, which the"
                            + " server writes itself (default: it stays with the job).")
    private @Nullable String out;

    @Option(names = "--overwrite", description = "Replace what is under --out, once the new report is there.")
    private boolean overwrite;

    /** Null where none is asked for. */
    @Nullable
    public Place out() {
        return out == null ? null : new Place(out);
    }

    public boolean overwrite() {
        return overwrite;
    }
}
