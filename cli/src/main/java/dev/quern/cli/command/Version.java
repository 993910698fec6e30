package dev.quern.cli.command;

import dev.quern.cli.console.Console;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParentCommand;

/** Shows the versions of Quern and of Java. */
@Command(name = "version", description = "Show the versions of Quern and of Java.")
public final class Version implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    /** For {@code --version}. */
    public static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return lines();
        }
    }

    @Override
    public Integer call() {
        Console console = quern.console();
        if (console.json()) {
            console.print(JsonObject.EMPTY
                    .with("quern", number())
                    .with("build", build())
                    .with("java", java())
                    .with("os", os()));
        } else {
            for (String line : lines()) {
                console.print(line);
            }
        }
        return Exit.COMPLETED.code();
    }

    private static String[] lines() {
        return new String[] {"quern " + number() + " (build " + build() + ")", "java  " + java() + ", " + os()};
    }

    private static String java() {
        return (System.getProperty("java.vendor.version", "") + " " + Runtime.version()).strip();
    }

    static String number() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }

    /** A hash of the sources; unknown where the launcher did not make the build. */
    public static String build() {
        return System.getProperty("quern.build", "unknown");
    }

    private static String os() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }
}
