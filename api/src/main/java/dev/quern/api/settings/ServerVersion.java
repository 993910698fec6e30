package dev.quern.api.settings;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What this server is. */
public final class ServerVersion {
    public static final String NUMBER = read();

    private ServerVersion() {}

    /** A hash of the sources; unknown where the launcher did not make the build. */
    public static String build() {
        return System.getProperty("quern.build", "unknown");
    }

    private static String read() {
        Properties properties = new Properties();
        try (InputStream in = ServerVersion.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }
}
