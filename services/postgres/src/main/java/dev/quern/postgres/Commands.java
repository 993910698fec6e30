package dev.quern.postgres;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Short commands with their output. */
final class Commands {
    private static final long LIMIT_SECONDS = 120;

    private static final Pattern ERROR =
            Pattern.compile("error:|ERROR:|FATAL:|PANIC:|could not|No space left|cannot|Bus error|not permitted");

    private Commands() {}

    record Result(int exit, String output) {
        Result orThrow(String what) {
            if (exit != 0) {
                throw new IllegalStateException(what + " ended with " + exit + ": " + reason());
            }
            return this;
        }

        /** PostgreSQL's tools say much before they say what went wrong. */
        private String reason() {
            List<String> lines = output.lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
            List<String> errors =
                    lines.stream().filter(line -> ERROR.matcher(line).find()).toList();
            if (errors.isEmpty()) {
                return lines.isEmpty() ? "it said nothing" : lines.getLast();
            }
            return String.join("; ", errors);
        }
    }

    static Result run(List<String> command) throws IOException {
        return run(command, "");
    }

    static Result run(List<String> command, String input) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(command + " did not end within " + LIMIT_SECONDS + " s");
            }
            return new Result(process.exitValue(), output);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted: " + command, e);
        }
    }
}
