package dev.quern.worker;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.natives.NativeLibraries;
import dev.quern.openblas.OpenBlasBackend;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.process.ProcessWords;
import java.nio.file.Path;

/**
 * Prints which backend this machine runs and its numeric profile, in one line, or why it runs none; {@code quern doctor} shows it. Its
 * argument is the folder in which native libraries are unpacked.
 */
public final class BackendProbe {
    private BackendProbe() {}

    public static void main(String[] arguments) {
        NativeLibraries.unpackInto(Path.of(arguments[0]));
        try (ComputeBackend backend = new OpenBlasBackend(Runtime.getRuntime().availableProcessors())) {
            System.out.println(backend.description() + ", numeric profile " + backend.numericProfile());
        } catch (QuernException e) {
            System.out.println(ProcessWords.CAUSE + e.getMessage());
            System.exit(1);
        }
    }
}
