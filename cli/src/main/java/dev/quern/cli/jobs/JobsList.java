package dev.quern.cli.jobs;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Table;
import dev.quern.cli.console.Units;
import dev.quern.cli.results.Place;
import dev.quern.cli.results.Results;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.view.JobView;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Lists jobs. */
@Command(name = "list", description = "List jobs, the newest first; starts the embedded stack where it does not run.")
public final class JobsList implements Callable<Integer> {
    /** Not a state of its own: a job that stands still says why. */
    private static final String WAITING = "waiting";

    private static final List<String> STATES = Arrays.stream(JobState.values())
            .flatMap(state -> state == JobState.RUNNING ? Stream.of(state.word(), WAITING) : Stream.of(state.word()))
            .toList();
    private static final DateTimeFormatter LOCAL =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());
    /** Characters of an id that lists show. */
    public static final int ID = 8;

    /** For completion. */
    static final class States extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        States() {
            super(STATES);
        }
    }

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Jobs jobs;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = "--state",
            paramLabel = "STATE",
            completionCandidates = States.class,
            description =
                    "Only jobs in this state: queued, running, waiting, paused, cancelling, completed, quarantined,"
                            + " rejected, failed or cancelled.")
    private @Nullable String state;

    @Option(names = "--label", paramLabel = "KEY=VALUE", description = "Only jobs with this label.")
    private Map<String, String> labels = Map.of();

    @Option(names = "--limit", paramLabel = "N", description = "At most this many (default: 20).")
    private int limit = 20;

    @Override
    public Integer call() throws InterruptedException {
        Console console = jobs.console();
        Map<String, String> filter = filter();
        if (!server.isRemote() && !Files.exists(server.folder().path())) {
            print(console, List.of());
            return Exit.COMPLETED.code();
        }
        try (Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            JobView.Page page = connection.api().jobs(filter, null, limit);
            List<JobView> found = page.jobs().stream()
                    .filter(job -> !isWaitingAskedFor() || word(job).equals(WAITING))
                    .toList();
            if (console.json()) {
                console.print(RecordCodec.write(new JobView.Page(found, page.next())));
                return Exit.COMPLETED.code();
            }
            print(console, found);
            if (page.next() != null) {
                console.say("the newest " + limit + "; --limit N shows more");
            }
        }
        return Exit.COMPLETED.code();
    }

    private boolean isWaitingAskedFor() {
        return WAITING.equalsIgnoreCase(state);
    }

    private Map<String, String> filter() {
        Map<String, String> filter = new HashMap<>();
        if (state != null) {
            String asked = state.toLowerCase(Locale.ROOT);
            if (!STATES.contains(asked)) {
                throw new QuernException(
                        ErrorCode.INVALID_REQUEST,
                        "--state: " + state + " (expected one of: " + String.join(", ", STATES) + ")");
            }
            if (!asked.equals(WAITING)) {
                filter.put("state", asked.toUpperCase(Locale.ROOT));
            }
        }
        labels.forEach((key, value) -> filter.put("label", key + ":" + value));
        return filter;
    }

    /** The quality of the first output; null where it has none. */
    private static JobView.@Nullable Quality quality(JobView job) {
        return job.outputs().isEmpty() ? null : job.outputs().getFirst().quality();
    }

    private static String word(JobView job) {
        boolean waits =
                job.remarks().reason() != null && (job.state() == JobState.RUNNING || job.state() == JobState.QUEUED);
        return waits ? WAITING : job.state().word();
    }

    /** A time as people here read it; empty for null. */
    public static String local(@Nullable Instant time) {
        return time == null ? "" : LOCAL.format(time);
    }

    private static void print(Console console, List<JobView> jobs) {
        if (jobs.isEmpty()) {
            console.print("No jobs.");
            return;
        }
        Table table =
                Table.ofText("job", "state", "model", "recipe", "KL", "ppl ratio", "size", "took", "created", "name");
        for (JobView job : jobs) {
            JobView.Quality quality = quality(job);
            table.row(
                    job.id().substring(0, Math.min(ID, job.id().length())),
                    word(job)
                            + (JobWatcher.isOver(job)
                                    ? ""
                                    : String.format(
                                            Locale.ROOT,
                                            " %.0f %%",
                                            job.progress().percent())),
                    new Place(
                                    job.work().result() == null
                                            ? job.work().model()
                                            : job.work().result())
                            .name(),
                    String.join(" + ", Results.recipes(job)),
                    quality == null ? "" : figure("%.4f", quality.measuredKl()),
                    quality == null ? "" : figure("%.3f", quality.measuredRatio()),
                    quality == null ? "" : size(quality),
                    took(job),
                    local(job.times().createdAt()),
                    job.name() == null ? "" : job.name());
        }
        table.print(console);
    }

    private static String figure(String format, @Nullable Double value) {
        if (value == null) {
            return "";
        }
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : Figures.NOT_FINITE;
    }

    private static String size(JobView.Quality quality) {
        return String.format(
                Locale.ROOT,
                "%s (%.1fx)",
                Units.bytes(quality.outputBytes()),
                (double) quality.sourceBytes() / quality.outputBytes());
    }

    private static String took(JobView job) {
        Instant end = job.times().finishedAt();
        return end == null
                ? ""
                : Units.duration(Duration.between(job.times().createdAt(), end).toMillis() / 1e3);
    }
}
