package dev.quern.proofs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Programs of the service, from the jars that the launcher takes.
 *
 * @param before words before the commands, such as those of {@code taskset}
 */
record Programs(List<String> before) {
    static final Path CLI = Installation.CHECKOUT.resolve("cli/target");

    /** Starts a program whose input is open as long as this process lives. */
    Process start(Path log, Map<String, String> environment, List<String> options, String main, List<String> arguments)
            throws IOException {
        List<String> words = new ArrayList<>(before);
        words.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        words.addAll(options);
        words.add(main);
        words.addAll(arguments);
        ProcessBuilder command = new ProcessBuilder(words);
        command.environment().put("CLASSPATH", CLI.resolve("lib") + "/*:" + CLI.resolve("quern-cli.jar"));
        command.environment().putAll(environment);
        return command.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /** A new folder, which PostgreSQL can pass when it runs as another user. */
    static Path folder() throws IOException {
        Path folder = Files.createTempDirectory("quern-proof-");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        return folder;
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    static boolean gone(Collection<ProcessHandle> processes) {
        return processes.stream().noneMatch(ProcessHandle::isAlive);
    }

    static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalStateException(message);
        }
    }
}
