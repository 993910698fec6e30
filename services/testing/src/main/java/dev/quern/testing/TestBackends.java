package dev.quern.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The servers that tests run on: their own ({@code -Dquern.backends=embedded}), or real ones whose addresses are in the
 * environment ({@code external}, see dev/README.md). Never chosen by looking what is there.
 */
public final class TestBackends {
    private static final int SERVERS_SECONDS = 120;

    private TestBackends() {}

    public static boolean external() {
        String backends = System.getProperty("quern.backends", "embedded");
        return switch (backends) {
            case "embedded" -> false;
            case "external" -> true;
            default ->
                throw new IllegalStateException("quern.backends: " + backends + " (expected: embedded or external)");
        };
    }

    /** A variable of the environment that external tests need. */
    public static String required(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalStateException(
                    name + ": missing (expected: set by \". ROOT/test.env\", see dev/README.md)");
        }
        return value;
    }

    /** The real server {@code postgres}, {@code temporal} or {@code s3} dies as by kill -9 and is started again. */
    public static void killAndRestart(String server) {
        servers("kill", server);
        servers("start", server);
    }

    public static void kill(String server) {
        servers("kill", server);
    }

    public static void start(String server) {
        servers("start", server);
    }

    private static void servers(String command, String server) {
        try {
            Process script = new ProcessBuilder(
                            List.of(required("QUERN_TEST_SERVERS"), command, required("QUERN_TEST_ROOT"), server))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!script.waitFor(SERVERS_SECONDS, TimeUnit.SECONDS)) {
                script.destroyForcibly();
                throw new IllegalStateException("dev/servers " + command + " " + server + " does not end");
            }
            if (script.exitValue() != 0) {
                throw new IllegalStateException("dev/servers " + command + " " + server + ": " + script.exitValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
