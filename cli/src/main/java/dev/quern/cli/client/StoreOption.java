package dev.quern.cli.client;

import dev.quern.cli.command.Heading;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the embedded stack keeps artifacts. */
@Heading(value = "Where it runs", order = 6)
public final class StoreOption {
    @Option(
            names = "--store",
            paramLabel = "URL",
            description = "Keep artifacts in s3://bucket/prefix instead of the data folder, which then belongs to it;"
                    + " QUERN_S3_ENDPOINT and the keys are taken from the environment.")
    private @Nullable String url;

    /** Null for that of the data folder. */
    @Nullable
    public String url() {
        return url;
    }
}
