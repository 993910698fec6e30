package dev.quern.embedded;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * @param port of the API and the dashboard; 0 takes a free one
 * @param workers compute processes, which share the machine
 * @param threads of each of them; 0 divides the cores
 * @param temporalPort where workers that are started by hand find Temporal; 0 takes a free one
 * @param store {@code s3://bucket/prefix}; null for that of the data folder
 */
public record StackOptions(
        int port,
        int workers,
        int threads,
        int temporalPort,
        @Nullable String store) {
    private static final Pattern STORE = Pattern.compile("s3://[a-z0-9][a-z0-9.-]+/[^?#]*[^?#/]/?");
    private static final int MOST_WORKERS = 64;
    /** The service, the database and the page cache of mapped checkpoints keep a quarter. */
    private static final double SHARE = 0.75;

    private static final long MOST_HEAP = 2L << 30;
    private static final long LEAST_HEAP = 256L << 20;

    /** @throws QuernException INVALID_REQUEST for a number that no stack can have */
    public StackOptions {
        require("--port", port, 0, 65535);
        require("--workers", workers, 1, MOST_WORKERS);
        require("--threads", threads, 0, 1024);
        require("--temporal-port", temporalPort, 0, 65535);
        if (store != null) {
            if (!STORE.matcher(store).matches()) {
                throw new QuernException(
                        ErrorCode.INVALID_REQUEST, "--store: " + store + " (expected: s3://bucket/prefix)");
            }
            store = store.replaceFirst("/$", "");
        }
    }

    /** One worker with all cores, on free ports. */
    public static StackOptions standard() {
        return new StackOptions(0, 1, 0, 0, null);
    }

    public StackOptions withPort(int newPort) {
        return new StackOptions(newPort, workers, threads, temporalPort, store);
    }

    public StackOptions withWorkers(int newWorkers) {
        return new StackOptions(port, newWorkers, threads, temporalPort, store);
    }

    /** The same options with this many threads for each worker. */
    public StackOptions withThreads(int newThreads) {
        return new StackOptions(port, workers, newThreads, temporalPort, store);
    }

    public StackOptions withTemporalPort(int newPort) {
        return new StackOptions(port, workers, threads, newPort, store);
    }

    /** Null leaves the store to the data folder. */
    public StackOptions withStore(@Nullable String newStore) {
        return new StackOptions(port, workers, threads, temporalPort, newStore);
    }

    /** Threads of a worker: its share of the cores, at least one. */
    public int threadsEach() {
        return threads > 0 ? threads : Math.max(1, Runtime.getRuntime().availableProcessors() / workers);
    }

    /** Bytes that a worker may use in all. The budgets of all workers together fit this machine. */
    public long memoryEach() {
        OperatingSystemMXBean machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return (long) (machine.getTotalMemorySize() * SHARE) / workers;
    }

    /** Bytes of a worker's Java heap; its tensors are outside of it. */
    long heapEach() {
        return Math.clamp(memoryEach() / 4, LEAST_HEAP, MOST_HEAP);
    }

    List<String> arguments(DataFolder folder) {
        List<String> numbers = List.of(
                folder.path().toString(),
                Integer.toString(port),
                Integer.toString(workers),
                Integer.toString(threads),
                Integer.toString(temporalPort));
        return store == null
                ? numbers
                : Stream.concat(numbers.stream(), Stream.of(store)).toList();
    }

    /** What {@link #arguments} made, after the folder. */
    static StackOptions of(String[] arguments) {
        return new StackOptions(
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                Integer.parseInt(arguments[3]),
                Integer.parseInt(arguments[4]),
                arguments.length > 5 ? arguments[5] : null);
    }

    private static void require(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, name + ": " + value + " (expected: " + least + " to " + most + ")");
        }
    }
}
