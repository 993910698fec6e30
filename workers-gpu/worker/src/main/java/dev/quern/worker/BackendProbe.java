package dev.quern.worker;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.natives.NativeLibraries;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.process.ProcessWords;
import java.nio.file.Path;

/**
 * Prints a backend as it runs on this machine and its numeric profile, in one line, or why it does not run;
 * {@code quern doctor} shows it. The arguments are the folder in which native libraries are unpacked, and the backend's
 * name.
 */
public final class BackendProbe {
    private BackendProbe() {}

    public static void main(String[] arguments) {
        NativeLibraries.unpackInto(Path.of(arguments[0]));
        Backend probed = Backend.of(arguments[1]);
        DeviceName device = DeviceName.CPU;
        try (ComputeBackend backend = probed.open(device, Runtime.getRuntime().availableProcessors())) {
            System.out.println(
                    backend.description() + ", on " + device + ", numeric profile " + backend.numericProfile());
        } catch (QuernException e) {
            System.out.println(ProcessWords.CAUSE + e.getMessage());
            System.exit(1);
        }
    }
}
