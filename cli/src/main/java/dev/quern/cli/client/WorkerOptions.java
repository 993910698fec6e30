package dev.quern.cli.client;

import dev.quern.cli.command.Heading;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which workers do it; changes no byte of the result. */
@Heading(value = "Where it runs", order = 6)
public final class WorkerOptions {
    @Option(names = "--class", paramLabel = "NAME", description = "Class of the workers that may take the job.")
    private @Nullable String workerClass;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Workers of the embedded stack, which share this machine (default: 1).")
    private int workers = 1;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of each of them (default: the cores, divided between them).")
    private @Nullable Integer threads;

    /** Null is any. */
    @Nullable
    public String workerClass() {
        return workerClass;
    }

    public int workers() {
        return workers;
    }

    @Nullable
    public Integer threads() {
        return threads;
    }

    /**
     * The embedded stack that a command starts where none runs.
     *
     * @throws QuernException INVALID_REQUEST for options that contradict each other
     */
    public StackOptions stack(StoreOption store, ServerOptions server) {
        if (store.url() != null && server.isRemote()) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "--store: " + store.url() + " (expected: none, a server has its own)");
        }
        if (threads != null && threads < 1) {
            throw new QuernException(ErrorCode.INVALID_REQUEST, "--threads: " + threads + " (expected: at least 1)");
        }
        StackOptions options = StackOptions.standard().withWorkers(workers).withStore(store.url());
        return threads == null ? options : options.withThreads(threads);
    }
}
