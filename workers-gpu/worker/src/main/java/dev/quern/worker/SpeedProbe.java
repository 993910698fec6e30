package dev.quern.worker;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.natives.NativeLibraries;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.process.ProcessWords;
import java.nio.file.Path;

/**
 * Prints the {@link DeviceSpeed} of this machine's CPU as JSON, in one line, or why its backend does not run;
 * {@code quern inspect} estimates times with it. The arguments are the folder in which native libraries are unpacked,
 * the backend's name and its threads.
 */
public final class SpeedProbe {
    private SpeedProbe() {}

    public static void main(String[] arguments) {
        NativeLibraries.unpackInto(Path.of(arguments[0]));
        try (ComputeBackend backend = Backend.of(arguments[1]).open(DeviceName.CPU, Integer.parseInt(arguments[2]))) {
            System.out.println(Json.write(RecordCodec.write(DeviceSpeed.of(backend))));
        } catch (QuernException e) {
            System.out.println(ProcessWords.CAUSE + e.getMessage());
            System.exit(1);
        }
    }
}
