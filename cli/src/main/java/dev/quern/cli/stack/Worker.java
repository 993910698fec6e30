package dev.quern.cli.stack;

import dev.quern.cli.command.Exit;
import dev.quern.worker.WorkerConfig;
import dev.quern.worker.WorkerMain;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs one worker in this process. */
@Command(
        name = "worker",
        description = "Run a compute process, on any machine that reaches Temporal and the store.",
        footer = {
            "%nIt may join and leave at any time; work that it leaves goes to another worker.",
            "The key of the Temporal port is read from the environment variable QUERN_TOKEN or from --token-file."
        })
public final class Worker implements Callable<Integer> {
    @Option(names = "--temporal", required = true, paramLabel = "ADDR", description = "host:port of Temporal.")
    @SuppressWarnings("NullAway.Init")
    private String temporal;

    @Option(
            names = "--store",
            required = true,
            paramLabel = "URL",
            description = "Artifact store: file:///folder or s3://bucket/prefix.")
    @SuppressWarnings("NullAway.Init")
    private String store;

    @Option(names = "--token-file", paramLabel = "FILE", description = "Holds the key, in place of QUERN_TOKEN.")
    private @Nullable String tokenFile;

    @Option(names = "--namespace", paramLabel = "NAME", description = "Namespace of Temporal (default: default).")
    private String namespace = "default";

    @Option(names = "--class", paramLabel = "NAME", description = "Class of the device (default: cpu).")
    private String deviceClass = "cpu";

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "Device that its backend opens, such as cuda:0 (default: cpu).")
    private @Nullable String device;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute (default: all cores).")
    private @Nullable String threads;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "What it may take, such as 12g (default: three quarters of the machine).")
    private @Nullable String memory;

    @Option(names = "--scratch", paramLabel = "DIR", description = "Scratch directory, private to the process.")
    private @Nullable String scratch;

    @Option(names = "--lifetime", paramLabel = "signal|input", hidden = true)
    private String lifetime = "signal";

    /** Reads the options before anything may log: a worker's log is not a command's. */
    @Override
    public Integer call() throws IOException {
        System.setProperty("logback.configurationFile", "dev/quern/embedded/logback.xml");
        List<String> arguments = new ArrayList<>();
        add(arguments, "--temporal", temporal);
        add(arguments, "--store", store);
        add(arguments, "--token-file", tokenFile);
        add(arguments, "--namespace", namespace);
        add(arguments, "--class", deviceClass);
        add(arguments, "--device", device);
        add(arguments, "--threads", threads);
        add(arguments, "--memory", memory);
        add(arguments, "--scratch", scratch);
        add(arguments, "--lifetime", lifetime);
        WorkerMain.run(WorkerConfig.parse(arguments, System.getenv()));
        return Exit.COMPLETED.code();
    }

    private static void add(List<String> arguments, String name, @Nullable String value) {
        if (value != null) {
            arguments.add(name);
            arguments.add(value);
        }
    }
}
