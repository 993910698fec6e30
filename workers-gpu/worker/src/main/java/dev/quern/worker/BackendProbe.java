package dev.quern.worker;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.openblas.OpenBlasBackend;

/** Prints which backend this machine runs and its numeric profile, in one line; {@code quern doctor} shows it. */
public final class BackendProbe {
    private BackendProbe() {}

    public static void main(String[] arguments) {
        try (ComputeBackend backend = new OpenBlasBackend(Runtime.getRuntime().availableProcessors())) {
            System.out.println(backend.description() + ", numeric profile " + backend.numericProfile());
        }
    }
}
