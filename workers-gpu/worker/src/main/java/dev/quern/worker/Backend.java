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
import java.util.function.Predicate;
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
                        ErrorCode.INVALID_REQUEST,
                        "--backend: " + option + " (expected: " + options(backend -> true) + ")"));
    }

    private static String options(Predicate<Backend> which) {
        return Arrays.stream(values()).filter(which).map(Backend::option).collect(Collectors.joining(" or "));
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

    /** The kind of devices that it opens. */
    private String kind() {
        return switch (this) {
            case OPENBLAS, JAVA -> DeviceName.CPU.kind();
        };
    }

    /** @throws QuernException INVALID_REQUEST unless it opens devices of this kind */
    void require(DeviceName device) {
        if (!kind().equals(device.kind())) {
            String opener = options(backend -> backend.kind().equals(device.kind()));
            String reason = opener.isEmpty()
                    ? "no backend of this build opens " + device.kind() + " devices"
                    : "--backend " + opener + " opens " + device.kind() + " devices";
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "--device: " + device + " (expected: " + kind() + ", the devices of " + option() + "; " + reason
                            + ")");
        }
    }

    /**
     * @param threads that compute
     * @throws QuernException INVALID_REQUEST unless it opens devices of this kind; NATIVE_LIBRARY when it cannot start
     *     on this machine
     */
    ComputeBackend open(DeviceName device, int threads) {
        require(device);
        return switch (this) {
            case OPENBLAS -> new OpenBlasBackend(threads);
            case JAVA -> new JavaBackend(DType.F32, threads);
        };
    }
}
