package dev.quern.cli.stack;

import dev.quern.cli.client.DataOption;
import dev.quern.cli.client.StoreOption;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.embedded.DataFolder;
import dev.quern.embedded.StackLauncher;
import dev.quern.embedded.StackLease;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Starts the embedded stack and keeps it running. */
@Command(name = "up", description = "Run the embedded stack until this command is interrupted.")
public final class Up implements Callable<Integer> {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Option(names = "--port", paramLabel = "N", description = "Port of the API and the dashboard (default: 8080).")
    private int port = 8080;

    @Option(names = "--workers", paramLabel = "N", description = "Compute processes (default: 1).")
    private int workers = 1;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of each of them (default: the cores, divided between them).")
    private int threads;

    @Option(
            names = "--temporal-port",
            paramLabel = "N",
            description = "Port where further workers find Temporal (default: a free one).")
    private int temporalPort;

    @Mixin
    private StoreOption store = new StoreOption();

    @Mixin
    private DataOption data = new DataOption();

    @Override
    public Integer call() throws InterruptedException {
        Console console = quern.console();
        StackLauncher launcher = new StackLauncher(folder(), options(), console::say);
        do {
            try (StackLease lease = launcher.acquire()) {
                announce(console, lease);
                stayUntilItEnds(console, lease);
            }
        } while (launcher.stackRanOutOfMemory());
        console.warn("the stack ended; its log: " + folder().logs());
        return Exit.FAILED.code();
    }

    /** A part of the stack that does not come up is restarted again and again, but not in silence. */
    private static void stayUntilItEnds(Console console, StackLease lease) throws InterruptedException {
        String said = "";
        try {
            while (true) {
                String trouble = lease.trouble().orElse("");
                if (!trouble.equals(said)) {
                    console.warn(trouble.isEmpty() ? "all parts of the stack run again" : trouble);
                    said = trouble;
                }
                Thread.sleep(BETWEEN_LOOKS);
            }
        } catch (QuernException e) {
            // The stack has ended.
        }
    }

    private DataFolder folder() {
        return data.folder();
    }

    private StackOptions options() {
        return StackOptions.standard()
                .withPort(port)
                .withWorkers(workers)
                .withThreads(threads)
                .withTemporalPort(temporalPort)
                .withStore(store.url());
    }

    private void announce(Console console, StackLease lease) {
        String url = lease.stack().url();
        if (console.json()) {
            console.print(JsonObject.EMPTY
                    .with("url", url)
                    .with("link", lease.link())
                    .with("temporal", lease.stack().temporal())
                    .with("store", lease.stack().store())
                    .with("data", folder().path().toString()));
            return;
        }
        noteOther(console, lease);
        console.print("dashboard (opens once): " + lease.link());
        console.print("API: " + url + "/api/v1, its key: " + folder().path().resolve("token"));
        console.print("logs: " + folder().logs());
        console.print("further workers: " + Console.command() + " worker --temporal "
                + lease.stack().temporal() + " --store " + lease.stack().store() + " --token-file "
                + folder().path().resolve("token"));
        console.say("Ctrl-C to stop. Jobs still running finish in the background first.");
    }

    /** What this command asked for holds only for a stack that it starts. */
    private void noteOther(Console console, StackLease lease) {
        if (URI.create(lease.stack().url()).getPort() != port && port != 0) {
            console.say("note: a stack runs on this folder already, on another port");
        }
        if (lease.stack().workers() != workers) {
            console.say("note: a stack runs on this folder already, with "
                    + lease.stack().workers() + " workers");
        }
    }
}
