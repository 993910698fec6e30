package dev.quern.cli.jobs;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.cli.report.ReportTable;
import dev.quern.cli.results.Results;
import dev.quern.embedded.StackLease;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Limits;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(name = "show", description = "Show one job, with its report where it has one.")
final class JobsShow implements Callable<Integer> {
    private static final DateTimeFormatter LOCAL =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Jobs jobs;

    @Mixin
    private JobArgument named = new JobArgument();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws InterruptedException {
        Console console = jobs.console();
        named.require();
        try (Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            String id = named.resolve(connection.api());
            JobView job = connection.api().job(id);
            List<JsonValue> reports = Results.reports(connection.api(), job);
            if (console.json()) {
                console.print(((JsonObject) RecordCodec.write(job)).with("reports", new JsonArray(reports)));
                return Exit.COMPLETED.code();
            }
            print(console, job, page(connection, id));
            reports.forEach(report -> new ReportTable(console, RecordCodec.read(report, Report.class)).print());
        }
        return Exit.COMPLETED.code();
    }

    private String page(Connection connection, String id) {
        StackLease lease = connection.lease();
        return (lease == null ? String.valueOf(server.server()) : lease.stack().url()) + "/jobs/" + id;
    }

    private static void print(Console console, JobView job, String page) {
        console.print("job     " + job.id() + (job.name() == null ? "" : " (" + job.name() + ")"));
        console.print("state   " + job.state().word());
        console.print("model   " + job.work().model());
        if (job.work().result() == null) {
            console.print("recipe  " + String.join(" + ", Results.recipes(job)));
        } else {
            console.print("result  " + job.work().result() + ", evaluated");
        }
        console.print("created " + LOCAL.format(job.times().createdAt()));
        if (job.times().startedAt() != null) {
            console.print("started " + LOCAL.format(job.times().startedAt()));
        }
        if (job.times().finishedAt() != null) {
            console.print("ended   " + LOCAL.format(job.times().finishedAt()));
        }
        if (job.detail().request() != null) {
            texts(job.detail().request()).forEach(text -> console.print("text    " + text));
            console.print("gate    " + gate(job.detail().request().gate()));
        }
        if (job.work().limits() != null) {
            console.print("limits  " + limits(job.work().limits()));
        }
        console.print("page    " + page);
        if (!JobWatcher.isOver(job)) {
            console.print("now     " + ProgressLine.describe(job));
        }
        if (job.remarks().failure() != null) {
            console.print("failed  " + job.remarks().failure().message());
        }
        if (job.first().outputDigest() != null) {
            console.print("digest  " + job.first().outputDigest());
        }
        if (job.first().output() != null) {
            console.print("files   " + job.first().output());
        }
    }

    /** What a job reads, with the windows that were asked for. */
    static List<String> texts(JobRequest request) {
        List<String> texts = new ArrayList<>();
        JobRequest.Calibration calibration = request.calibration();
        if (calibration != null) {
            texts.add(text("calibration", calibration.text(), calibration.samples(), calibration.seqLen()));
        } else if (request.result() == null) {
            texts.add(text("calibration", null, null, null));
        }
        for (JobRequest.Evaluation evaluation : request.evaluation()) {
            texts.add(text("evaluation", evaluation.text(), evaluation.windows(), evaluation.seqLen()));
        }
        if (request.evaluation().isEmpty()) {
            texts.add(text("evaluation", null, null, null));
        }
        return texts;
    }

    private static String text(
            String use, JobRequest.@Nullable Source text, @Nullable Integer windows, @Nullable Integer seqLen) {
        return use + ": " + (text == null ? "built-in" : text.location())
                + (windows == null ? "" : ", windows: at most " + windows)
                + (seqLen == null ? "" : ", tokens of a window: " + seqLen);
    }

    /** What a result has to satisfy, the default included. */
    static String gate(@Nullable Gate asked) {
        Gate gate = asked == null ? Gate.NONE : asked;
        double ratio = gate.maxPplRatio() == null ? Gate.DEFAULT_MAX_PPL_RATIO : gate.maxPplRatio();
        List<String> words = new ArrayList<>(List.of("perplexity ratio at most " + Figures.plain(ratio)));
        if (gate.maxKl() != null) {
            words.add("KL at most " + Figures.plain(gate.maxKl()));
        }
        if (gate.minTop1() != null) {
            words.add("top-1 at least " + Figures.plain(gate.minTop1()));
        }
        return String.join(", ", words);
    }

    private static String limits(Limits limits) {
        List<String> words = new ArrayList<>();
        if (limits.maxPendingSeconds() != null) {
            words.add("waits at most " + limits.maxPendingSeconds() + " s for a worker");
        }
        if (limits.maxRuntimeSeconds() != null) {
            words.add("runs at most " + limits.maxRuntimeSeconds() + " s");
        }
        return String.join(", ", words);
    }
}
