package dev.quern.cli.stack;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.worker.Backend;
import dev.quern.worker.SpeedProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Asks the standard backend something in a JVM of its own: the Vector API is a module that a light command does not
 * load.
 */
public final class BackendCommand {
    private BackendCommand() {}

    /**
     * What the process said.
     *
     * @param lastLine without line breaks; empty where it said nothing
     */
    record Answer(int exitCode, String lastLine) {}

    /**
     * @param place in which native libraries are unpacked, in a folder that is deleted afterwards
     * @param jvm options
     * @param main takes that folder, the backend's name and the arguments
     */
    static Answer run(Path place, List<String> jvm, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        Path natives = Files.createTempDirectory(place, "quern-probe-");
        try {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(Backend.DEFAULT.jvmOptions());
            command.addAll(jvm);
            command.addAll(List.of(
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    main.getName(),
                    natives.toString(),
                    Backend.DEFAULT.option()));
            command.addAll(List.of(arguments));
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            List<String> said = new String(process.getInputStream().readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
            return new Answer(process.waitFor(), said.isEmpty() ? "" : said.getLast());
        } finally {
            Files.deleteIfExists(natives);
        }
    }

    /** Measures this machine's CPU for about a second; empty where the backend does not run here. */
    public static Optional<DeviceSpeed> measure(int threads) {
        try {
            Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
            Answer answer = run(temporary, List.of(), SpeedProbe.class, Integer.toString(threads));
            return answer.exitCode() == 0
                    ? Optional.of(RecordCodec.read(Json.parse(answer.lastLine()), DeviceSpeed.class))
                    : Optional.empty();
        } catch (IOException | QuernException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
