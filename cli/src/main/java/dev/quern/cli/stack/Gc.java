package dev.quern.cli.stack;

import dev.quern.cli.client.Api;
import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Table;
import dev.quern.cli.console.Units;
import dev.quern.cli.jobs.JobsList;
import dev.quern.cli.results.Place;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.StorageView;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Deletes what no job needs any more. */
@Command(
        name = "gc",
        description =
                "Delete jobs that left no result: rejected, failed and cancelled ones. Without --yes it only shows them. Results and"
                        + " unfinished jobs stay.")
public final class Gc implements Callable<Integer> {
    private static final int PAGE = 100;

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = "--older-than",
            paramLabel = "DAYS",
            description =
                    "Only jobs that ended at least this long ago (default: 7). A failed job can be retried until then.")
    private int days = 7;

    @Option(names = "--quarantined", description = "Also jobs whose results missed their gate, with these results.")
    private boolean quarantined;

    @Option(names = "--yes", description = "Delete them.")
    private boolean yes;

    @Override
    public Integer call() throws InterruptedException {
        if (days < 0) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "--older-than: " + days + " (expected: 0 or more days)");
        }
        Console console = quern.console();
        try (Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            List<JobView> jobs = jobs(connection.api(), Instant.now().minus(Duration.ofDays(days)));
            Map<String, Long> sizes = sizes(connection.api());
            if (yes) {
                for (JobView job : jobs) {
                    connection.api().delete(job.id());
                }
            }
            long bytes = jobs.stream()
                    .mapToLong(job -> sizes.getOrDefault(job.id(), 0L))
                    .sum();
            if (console.json()) {
                console.print(json(jobs, bytes));
            } else {
                print(console, jobs, sizes, bytes);
            }
        }
        return Exit.COMPLETED.code();
    }

    private List<JobView> jobs(Api api, Instant before) throws InterruptedException {
        List<JobState> states = Arrays.stream(JobState.values())
                .filter(state -> state.withoutResult() || (quarantined && state == JobState.QUARANTINED))
                .toList();
        List<JobView> found = new ArrayList<>();
        for (JobState state : states) {
            String cursor = null;
            do {
                JobView.Page page = api.jobs(Map.of("state", state.name()), cursor, PAGE);
                page.jobs().stream().filter(job -> endedBefore(job, before)).forEach(found::add);
                cursor = page.next();
            } while (cursor != null);
        }
        return found;
    }

    private static boolean endedBefore(JobView job, Instant before) {
        Instant end = job.times().finishedAt();
        return end != null && !end.isAfter(before);
    }

    /** Bytes of results in the store, by job. */
    private static Map<String, Long> sizes(Api api) throws InterruptedException {
        Map<String, Long> sizes = new HashMap<>();
        for (StorageView.Result result : api.storage().results()) {
            String job = result.job();
            if (job != null) {
                sizes.merge(job, result.bytes(), Long::sum);
            }
        }
        return sizes;
    }

    private JsonObject json(List<JobView> jobs, long bytes) {
        return JsonObject.EMPTY
                .with("deleted", yes)
                .with("bytes", bytes)
                .with(
                        "jobs",
                        new JsonArray(jobs.stream()
                                .<JsonValue>map(job -> new JsonString(job.id()))
                                .toList()));
    }

    private void print(Console console, List<JobView> jobs, Map<String, Long> sizes, long bytes) {
        if (jobs.isEmpty()) {
            console.print("Nothing to delete.");
            return;
        }
        Table table = Table.ofText("job", "state", "ended", "size", "model");
        for (JobView job : jobs) {
            table.row(
                    job.id().substring(0, JobsList.ID),
                    job.state().word(),
                    JobsList.local(job.times().finishedAt()),
                    Units.bytes(sizes.getOrDefault(job.id(), 0L)),
                    new Place(job.work().model()).name());
        }
        table.print(console);
        String what = jobs.size() + (jobs.size() == 1 ? " job, " : " jobs, ") + Units.bytes(bytes);
        console.print(what + (yes ? " deleted" : "; --yes deletes them"));
    }
}
