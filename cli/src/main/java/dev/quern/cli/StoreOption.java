package dev.quern.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the embedded stack keeps artifacts. */
@Heading(value = "Where it runs", order = 6)
final class StoreOption {
    @Option(
            names = "--store",
            paramLabel = "URL",
            description = "Keep artifacts in s3://bucket/prefix instead of the data folder, which then belongs to it;"
                    + " QUERN_S3_ENDPOINT and the keys are taken from the environment.")
    private @Nullable String url;

    /** Null for that of the data folder. */
    @Nullable
    String url() {
        return url;
    }
}
