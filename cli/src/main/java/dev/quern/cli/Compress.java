package dev.quern.cli;

import dev.quern.embedded.StackLease;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "compress",
        description = "Compress a checkpoint; place the result and a report of its quality in a folder.",
        footer = {
            "%nThe same command after an interruption goes on from what exists.",
            "Without --server it uses the embedded stack of the data folder, and starts it where it does not run.",
            "With --server it uploads MODEL and texts: what the server has is skipped, and an interrupted upload goes on."
        })
final class Compress implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Quern quern;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private RequestOptions request = new RequestOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where the result goes: a folder that is empty or does not exist,"
                    + " or s3://bucket/prefix, which the server writes itself."
                    + " Of several recipes each result goes to DIR/RECIPE.")
    private @Nullable String out;

    @Option(names = "--overwrite", description = "Replace what lies under --out, once the new result is there.")
    private boolean overwrite;

    @Option(names = "--accept-quarantined", description = "Take the result even where it fails the gate.")
    private boolean acceptQuarantined;

    @Option(names = "--detach", description = "Submit and leave: the job goes on without this command.")
    private boolean detach;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of each worker of the embedded stack (default: the cores, divided between them).")
    private @Nullable Integer threads;

    @Option(names = "--workers", paramLabel = "N", description = "Workers of the embedded stack (default: 1).")
    private int workers = 1;

    @Mixin
    private StoreOption store = new StoreOption();

    @Override
    public Integer call() throws InterruptedException {
        Console console = quern.console();
        Place target = out == null ? null : new Place(out);
        Placements placement = target != null && target.isLocal()
                ? Placements.into(target.local(), request.recipeNames(), overwrite)
                : null;
        Submission submission = Submission.of(request, target, detach, server.isRemote(), console);
        try (Interruption interruption = new Interruption(console, this::again, placement);
                Connection connection = Connection.open(server, options(), console::say)) {
            sayWhere(console, connection);
            if (!submission.uploads().isEmpty()) {
                interruption.expect();
            }
            JobView job = submission.submit(connection.api(), console);
            if (detach) {
                return detached(console, job);
            }
            interruption.expect();
            job = new JobWatcher(connection, console).await(job.id());
            String id = job.id();
            interruption.expect(() -> downloadAgain(id));
            return finish(console, connection, job, placement);
        }
    }

    /** Once a job is over the same command would start another one. */
    private String downloadAgain(String job) {
        return "quern jobs download " + job + " --out " + (out == null ? "DIR" : out) + server.words();
    }

    private StackOptions options() {
        StackOptions options = StackOptions.standard().withWorkers(workers).withStore(store.url());
        if (store.url() != null && server.isRemote()) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "--store: " + store.url() + " (expected: none, a server has its own)");
        }
        if (threads != null && threads < 1) {
            throw new QuernException(ErrorCode.INVALID_REQUEST, "--threads: " + threads + " (expected: at least 1)");
        }
        return threads == null ? options : options.withThreads(threads);
    }

    /** The command line that goes on with this job. */
    private String again() {
        StringBuilder line = new StringBuilder(System.getProperty("quern.command", "quern"));
        for (String argument : spec.root().commandLine().getParseResult().originalArgs()) {
            boolean plain = argument.matches("[\\w./:=,+@%-]+");
            line.append(' ').append(plain ? argument : "'" + argument.replace("'", "'\\''") + "'");
        }
        return line.toString();
    }

    private static void sayWhere(Console console, Connection connection) {
        StackLease lease = connection.lease();
        if (lease == null) {
            return;
        }
        console.say("dashboard: " + lease.link());
        if (!lease.stack().build().equals(Version.build())) {
            console.say("note: the stack runs another build (" + lease.stack().build()
                    + "); it goes with its last command");
        }
    }

    private Integer detached(Console console, JobView job) {
        if (console.json()) {
            console.print(RecordCodec.write(job));
        } else {
            console.print("job " + job.id() + " goes on by itself");
            console.print("  watch it:    quern jobs watch " + job.id() + server.words());
            console.print("  its result:  quern jobs download " + job.id() + " --out DIR" + server.words());
        }
        return Exit.COMPLETED.code();
    }

    private Integer finish(Console console, Connection connection, JobView job, @Nullable Placements placement)
            throws InterruptedException {
        JobView last = job;
        if (job.state().equals("QUARANTINED") && acceptQuarantined) {
            connection.api().approve(job.id());
            last = new Approval(connection).await(job.id());
        }
        Exit exit = Exit.ofState(last.state());
        if (exit != Exit.COMPLETED && exit != Exit.QUARANTINED) {
            console.warn(reason(last));
            return exit.code();
        }
        List<JsonValue> reports = new ArrayList<>();
        for (int output = 0; output < Results.recipes(last).size(); output++) {
            reports.add(connection.api().report(last.id(), output));
        }
        if (placement != null) {
            placement.fetch(connection.api(), last, console);
        }
        print(console, last, reports);
        return exit.code();
    }

    private void print(Console console, JobView job, List<JsonValue> reports) {
        if (console.json()) {
            console.print(reports.size() == 1 ? reports.getFirst() : new JsonArray(reports));
            return;
        }
        reports.forEach(report -> new ReportTable(console, RecordCodec.read(report, Report.class)).print());
        if (job.state().equals("QUARANTINED") && reports.size() == 1) {
            console.print("The result failed its gate and was not placed (take it with --accept-quarantined).");
        } else if (out != null) {
            new Results(job, out).sayWhere(console);
        }
    }

    static String reason(JobView job) {
        JobView.Failure failure = job.failure();
        return failure == null
                ? "job " + job.id() + " ended " + job.state().toLowerCase(java.util.Locale.ROOT)
                : failure.message();
    }
}
