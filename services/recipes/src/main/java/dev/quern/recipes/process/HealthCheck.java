package dev.quern.recipes.process;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** Asks a process of this machine whether it is well: for images that hold nothing but Java. */
public final class HealthCheck {
    private static final int TIMEOUT_MILLIS = 5000;

    private HealthCheck() {}

    /** Ends with 0 when {@code http://127.0.0.1:PORT/health} answers 200, otherwise with 1 and a line that says why. */
    public static void main(String[] arguments) {
        if (arguments.length != 1 || !arguments[0].matches("\\d{1,5}")) {
            System.err.println("PORT: " + String.join(" ", arguments) + " (expected: a port number)");
            System.exit(64);
        }
        try {
            int status = status(arguments[0]);
            System.err.println("health: " + status);
            System.exit(status == HttpURLConnection.HTTP_OK ? 0 : 1);
        } catch (IOException e) {
            System.err.println("health: " + e.getMessage());
            System.exit(1);
        }
    }

    private static int status(String port) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://127.0.0.1:" + port + "/health").toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        return connection.getResponseCode();
    }
}
