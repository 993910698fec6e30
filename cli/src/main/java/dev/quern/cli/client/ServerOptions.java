package dev.quern.cli.client;

import dev.quern.cli.command.Heading;
import dev.quern.embedded.DataFolder;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which server a command talks to: one that runs elsewhere, or the embedded stack of a data folder. */
@Heading(value = "Where it runs", order = 6)
public final class ServerOptions {
    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "A server that runs elsewhere; its key is in the environment variable QUERN_KEY.")
    private @Nullable URI server;

    @Option(names = "--key-file", paramLabel = "FILE", description = "Holds the server's key, in place of QUERN_KEY.")
    private @Nullable Path keyFile;

    @Mixin
    private DataOption data = new DataOption();

    /** @throws QuernException INVALID_REQUEST for what is no address of a server */
    @Nullable
    public URI server() {
        if (server != null && (server.getHost() == null || !server.getScheme().startsWith("http"))) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "--server: " + server + " (expected: https://host or http://host:port)");
        }
        return server;
    }

    public boolean isRemote() {
        return server != null;
    }

    /** Null where there is none. Never an argument: those are visible to all users of the machine. */
    @Nullable
    String key() {
        if (keyFile == null) {
            String key = System.getenv("QUERN_KEY");
            return key == null || key.isBlank() ? null : key.strip();
        }
        try {
            return Files.readString(keyFile).strip();
        } catch (IOException e) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "--key-file: " + keyFile + " (expected: a file that can be read)", e);
        }
    }

    public DataFolder folder() {
        return data.folder();
    }

    /** These options as a person would type them again. */
    public String words() {
        return server == null
                ? data.words()
                : " --server " + server + (keyFile == null ? "" : " --key-file " + keyFile);
    }
}
