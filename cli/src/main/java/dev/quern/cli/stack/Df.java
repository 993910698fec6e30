package dev.quern.cli.stack;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Table;
import dev.quern.cli.console.Units;
import dev.quern.cli.jobs.JobsList;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.view.StorageView;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** Shows what a store holds. */
@Command(
        name = "df",
        description =
                "Show what the store holds and how large each result is; requires a key with scope admin. Starts the embedded stack where"
                        + " it does not run.")
public final class Df implements Callable<Integer> {
    private static final String REUSED =
            "reused by other jobs; deleted seven days (QUERN_RETENTION) after the last job that used them";
    /** What each part of the store is, and what ends it. */
    private static final Map<String, String> MEANING = Map.of(
            "artifacts",
            REUSED,
            "datasets",
            REUSED,
            "figures",
            REUSED,
            "jobs",
            "documents of jobs, deleted with them",
            "uploads",
            "files of clients; deleted seven days (QUERN_RETENTION) after the last job that read them",
            "outputs",
            "results; " + Console.command() + " jobs delete ID",
            "quarantine",
            "results that missed their gate; " + Console.command() + " jobs delete ID");

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws InterruptedException {
        Console console = quern.console();
        try (Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            StorageView storage = connection.api().storage();
            if (console.json()) {
                console.print(RecordCodec.write(storage));
            } else {
                print(console, storage);
            }
        }
        return Exit.COMPLETED.code();
    }

    static void print(Console console, StorageView storage) {
        if (storage.kinds().isEmpty()) {
            console.print("The store is empty.");
            return;
        }
        Table kinds = Table.ofText("kind", "objects", "size", "what it is, and what deletes it");
        for (StorageView.Kind kind : storage.kinds()) {
            kinds.row(
                    kind.name(),
                    Long.toString(kind.objects()),
                    Units.bytes(kind.bytes()),
                    MEANING.getOrDefault(kind.name(), ""));
        }
        long objects =
                storage.kinds().stream().mapToLong(StorageView.Kind::objects).sum();
        kinds.row("all", Long.toString(objects), Units.bytes(storage.bytes()), "");
        kinds.print(console);
        if (!storage.results().isEmpty()) {
            console.print("");
            Table results = Table.ofText("job", "size", "result");
            storage.results()
                    .forEach(result -> results.row(job(result.job()), Units.bytes(result.bytes()), result.place()));
            results.print(console);
        }
    }

    private static String job(@Nullable String id) {
        return id == null ? "-" : id.substring(0, JobsList.ID);
    }
}
