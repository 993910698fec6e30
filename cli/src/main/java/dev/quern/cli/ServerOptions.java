package dev.quern.cli;

import dev.quern.embedded.DataFolder;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which server a command talks to: one that runs elsewhere, or the embedded stack of a data folder. */
final class ServerOptions {
    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "A server that runs elsewhere; its key stands in the environment variable QUERN_TOKEN.")
    private @Nullable URI server;

    @Mixin
    private DataOption data = new DataOption();

    @Nullable
    URI server() {
        return server;
    }

    DataFolder folder() {
        return data.folder();
    }

    /** These options as a person would type them again. */
    String words() {
        return server == null ? data.words() : " --server " + server;
    }
}
