package dev.quern.cli;

import dev.quern.embedded.DataFolder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which data folder the embedded stack has. */
final class DataOption {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Data folder of the embedded stack (default: $XDG_DATA_HOME/quern or ~/.local/share/quern).")
    private @Nullable Path data;

    DataFolder folder() {
        return data == null ? DataFolder.standard() : new DataFolder(data);
    }

    /** This option as a person would type it again. */
    String words() {
        return data == null ? "" : " --data " + data;
    }
}
