package dev.quern.embedded;

import java.util.List;

/**
 * @param port of the API and the dashboard; 0 takes a free one
 * @param workers compute processes
 * @param threads of each of them
 */
public record StackOptions(int port, int workers, int threads) {
    /** One worker with all cores, on a free port. */
    public static StackOptions standard() {
        return new StackOptions(0, 1, Runtime.getRuntime().availableProcessors());
    }

    public StackOptions withPort(int newPort) {
        return new StackOptions(newPort, workers, threads);
    }

    public StackOptions withWorkers(int newWorkers) {
        return new StackOptions(port, newWorkers, threads);
    }

    public StackOptions withThreads(int newThreads) {
        return new StackOptions(port, workers, newThreads);
    }

    List<String> arguments(DataFolder folder) {
        return List.of(
                folder.path().toString(), Integer.toString(port), Integer.toString(workers), Integer.toString(threads));
    }

    /** What {@link #arguments} made, after the folder. */
    static StackOptions of(String[] arguments) {
        return new StackOptions(
                Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
    }
}
