package dev.quern.cli.client;

import dev.quern.cli.command.Heading;
import dev.quern.embedded.DataFolder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which data folder the embedded stack has. */
@Heading(value = "Where it runs", order = 6)
public final class DataOption {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Data folder of the embedded stack"
                    + " (default: $QUERN_DATA, else $XDG_DATA_HOME/quern or ~/.local/share/quern).")
    private @Nullable Path data;

    public DataFolder folder() {
        if (data != null) {
            return new DataFolder(data);
        }
        String variable = System.getenv("QUERN_DATA");
        return variable == null || variable.isBlank() ? DataFolder.standard() : new DataFolder(Path.of(variable));
    }

    /** This option as a person would type it again. */
    String words() {
        return data == null ? "" : " --data " + data;
    }
}
