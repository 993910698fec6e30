package dev.quern.worker;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.openblas.OpenBlasBackend;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The backends that a worker can run: all are listed here, and none stands in for another. */
public enum Backend {
    OPENBLAS,
    /** The plain specification, for tests and comparisons. */
    JAVA;

    /** The one that a worker runs when it is given no other. */
    public static final Backend DEFAULT = OPENBLAS;

    /** @throws QuernException INVALID_REQUEST that names the option and all backends */
    static Backend of(String option) {
        return Arrays.stream(values())
                .filter(backend -> backend.option().equals(option))
                .findFirst()
                .orElseThrow(() -> new QuernException(
                        ErrorCode.INVALID_REQUEST, "--backend: " + option + " (expected: " + options() + ")"));
    }

    private static String options() {
        return Arrays.stream(values()).map(Backend::option).collect(Collectors.joining(" or "));
    }

    /** Its name in {@code --backend}. */
    public String option() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What the JVM that runs it is started with, beside access to native code. */
    public List<String> jvmOptions() {
        return switch (this) {
            case OPENBLAS -> List.of("--add-modules=jdk.incubator.vector");
            case JAVA -> List.of();
        };
    }

    /**
     * @param threads that compute
     * @throws QuernException NATIVE_LIBRARY when it cannot start on this machine
     */
    ComputeBackend open(int threads) {
        return switch (this) {
            case OPENBLAS -> new OpenBlasBackend(threads);
            case JAVA -> new JavaBackend(DType.F32, threads);
        };
    }
}
