package dev.quern.cli;

import dev.quern.worker.WorkerMain;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "worker",
        description = "Run a compute process: polls Temporal for work, reads and writes the store.",
        footer = {
            "%nThe environment variable QUERN_TOKEN holds the key of the Temporal port.",
            "Ends when its standard input closes."
        })
final class Worker implements Callable<Integer> {
    @Option(names = "--temporal", required = true, paramLabel = "ADDR", description = "host:port of Temporal.")
    @SuppressWarnings("NullAway.Init")
    private String temporal;

    @Option(names = "--store", required = true, paramLabel = "URL", description = "Artifact store: file:///folder.")
    @SuppressWarnings("NullAway.Init")
    private String store;

    @Option(names = "--class", paramLabel = "NAME", description = "Class of the device (default: cpu).")
    private String deviceClass = "cpu";

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute (default: all cores).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--scratch", paramLabel = "DIR", description = "Folder for files that need not last.")
    private @Nullable String scratch;

    @Override
    public Integer call() throws Exception {
        List<String> arguments = new ArrayList<>(
                List.of("--temporal", temporal, "--store", store, "--class", deviceClass, "--threads", "" + threads));
        if (scratch != null) {
            arguments.addAll(List.of("--scratch", scratch));
        }
        WorkerMain.main(arguments.toArray(String[]::new));
        return Exit.COMPLETED.code();
    }
}
