package dev.quern.worker;

import dev.quern.engine.plan.Budget;
import dev.quern.process.Tls;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.worker.device.ScratchLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * All that a worker can be told, read once.
 *
 * @param temporal how to reach it
 * @param store for example {@code file:///data/store}
 * @param workerClass which queue it serves
 * @param scratch a folder of its own; what an earlier process left in it is deleted
 * @param httpPort for health and metrics on the loopback interface; 0 takes a free one
 * @param cacheBytes for local copies of distant sources, in scratch
 * @param lifetime what ends it
 * @param grace for the block in work after a signal; what is not stored then is made again elsewhere
 * @param environment of the process: how to reach S3
 */
public record WorkerConfig(
        Temporal temporal,
        String store,
        String workerClass,
        Compute compute,
        Path scratch,
        int httpPort,
        long cacheBytes,
        Lifetime lifetime,
        Duration grace,
        Map<String, String> environment) {
    /** And the variables of the environment that replace them where they are not given. */
    private static final Map<String, String> OPTIONS = Map.ofEntries(
            Map.entry("--temporal", "QUERN_TEMPORAL"),
            Map.entry("--namespace", "QUERN_TEMPORAL_NAMESPACE"),
            Map.entry("--store", "QUERN_STORE"),
            Map.entry("--class", "QUERN_CLASS"),
            Map.entry("--backend", "QUERN_BACKEND"),
            Map.entry("--device", "QUERN_DEVICE"),
            Map.entry("--threads", "QUERN_THREADS"),
            Map.entry("--memory", "QUERN_MEMORY"),
            Map.entry("--scratch", "QUERN_SCRATCH"),
            Map.entry("--http-port", "QUERN_HTTP_PORT"),
            Map.entry("--cache-mb", "QUERN_CACHE_MB"),
            Map.entry("--lifetime", "QUERN_LIFETIME"),
            Map.entry("--grace", "QUERN_GRACE"),
            Map.entry("--token-file", "QUERN_TOKEN_FILE"));

    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([kmgt]?)");
    private static final String SIZE_UNITS = "kmgt";
    private static final String CACHE_MB = "8192";

    public WorkerConfig {
        environment = Map.copyOf(environment);
    }

    /**
     * @param address host:port
     * @param token null where the port asks for none
     * @param tls null where the connection is open
     */
    public record Temporal(
            String address,
            String namespace,
            @Nullable String token,
            @Nullable Tls tls) {}

    /**
     * What computes, and what it may take.
     *
     * @param device one that the backend opens
     * @param threads that compute
     * @param memoryBytes of the process, all together: plans keep to it
     */
    public record Compute(Backend backend, DeviceName device, int threads, long memoryBytes) {
        public Compute {
            backend.require(device);
        }
    }

    /** What ends a worker. */
    public enum Lifetime {
        /** A signal: somebody started it by hand, or a supervisor did. */
        SIGNAL,
        /** The end of its standard input: it does not outlive the process that started it. */
        INPUT
    }

    /**
     * @param arguments {@code --name value} pairs
     * @param environment for what the arguments leave out; also QUERN_TOKEN, which would be visible to all users as an
     *     argument, and what {@link Tls#of} and S3 need
     * @throws QuernException INVALID_REQUEST that names the option
     */
    public static WorkerConfig parse(List<String> arguments, Map<String, String> environment) {
        Map<String, String> options = options(arguments);
        OPTIONS.forEach((option, variable) -> fallBack(options, option, environment.get(variable)));
        String threads = String.valueOf(Runtime.getRuntime().availableProcessors());
        String pid = String.valueOf(ProcessHandle.current().pid());
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"), ScratchLock.PREFIX + pid);
        return new WorkerConfig(
                new Temporal(
                        required(options, "--temporal", "host:port"),
                        options.getOrDefault("--namespace", "default"),
                        token(options.get("--token-file"), environment.get("QUERN_TOKEN")),
                        Tls.of(environment)),
                required(options, "--store", "file:///folder or s3://bucket/prefix"),
                options.getOrDefault("--class", "cpu"),
                new Compute(
                        Backend.of(options.getOrDefault("--backend", Backend.DEFAULT.option())),
                        DeviceName.parse(options.getOrDefault("--device", DeviceName.CPU.toString())),
                        number("--threads", options.getOrDefault("--threads", threads), 1, 1024),
                        memory(options.get("--memory"))),
                Path.of(options.getOrDefault("--scratch", scratch.toString())),
                number("--http-port", options.getOrDefault("--http-port", "0"), 0, 65535),
                (long) number("--cache-mb", options.getOrDefault("--cache-mb", CACHE_MB), 1, 1 << 30) << 20,
                lifetime(options.getOrDefault("--lifetime", "input")),
                Duration.ofSeconds(number("--grace", options.getOrDefault("--grace", "0"), 0, 86_400)),
                environment);
    }

    private static void fallBack(Map<String, String> options, String option, @Nullable String value) {
        if (value != null && !value.isBlank()) {
            options.putIfAbsent(option, value.strip());
        }
    }

    private static Map<String, String> options(List<String> arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < arguments.size(); i += 2) {
            String name = arguments.get(i);
            if (!OPTIONS.containsKey(name)) {
                throw invalid(
                        name,
                        "",
                        "one of "
                                + String.join(
                                        ", ", OPTIONS.keySet().stream().sorted().toList()));
            }
            if (i + 1 == arguments.size()) {
                throw invalid(name, "", "a value");
            }
            options.put(name, arguments.get(i + 1));
        }
        return options;
    }

    private static String required(Map<String, String> options, String name, String expected) {
        String value = options.get(name);
        if (value == null) {
            throw invalid(name, "missing", expected + ", here or in " + OPTIONS.get(name));
        }
        return value;
    }

    private static Lifetime lifetime(String value) {
        return switch (value) {
            case "signal" -> Lifetime.SIGNAL;
            case "input" -> Lifetime.INPUT;
            default -> throw invalid("--lifetime", value, "signal or input");
        };
    }

    /** Binary units, as the JVM's own options have them. */
    private static long memory(@Nullable String value) {
        if (value == null) {
            return Budget.machineBytes();
        }
        Matcher size = SIZE.matcher(value.toLowerCase(Locale.ROOT));
        if (!size.matches()) {
            throw invalid("--memory", value, "bytes, or a number with k, m, g or t");
        }
        int power = size.group(2).isEmpty() ? 0 : SIZE_UNITS.indexOf(size.group(2)) + 1;
        long bytes = Long.parseLong(size.group(1));
        if (bytes == 0 || bytes > Long.MAX_VALUE >> (10 * power)) {
            throw invalid("--memory", value, "more than nothing, less than 2^63 bytes");
        }
        return bytes << (10 * power);
    }

    private static @Nullable String token(@Nullable String file, @Nullable String otherwise) {
        if (file == null) {
            return otherwise;
        }
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            throw invalid("--token-file", file, "a file that can be read: " + e.getMessage());
        }
    }

    private static int number(String name, String value, int least, int most) {
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The message below says it better.
        }
        throw invalid(name, value, least + " to " + most);
    }

    private static QuernException invalid(String name, String value, String expected) {
        return new QuernException(ErrorCode.INVALID_REQUEST, name + ": " + value + " (expected: " + expected + ")");
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "temporal " + temporal.address() + ", store " + store + ", class " + workerClass + ", "
                + compute.backend() + " on " + compute.device() + ", " + compute.threads() + " threads, "
                + (compute.memoryBytes() >> 20) + " MiB, scratch " + scratch;
    }
}
