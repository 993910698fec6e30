package dev.quern.cli.compress;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.client.StoreOption;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.Heading;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.jobs.JobArgument;
import dev.quern.cli.jobs.JobWatcher;
import dev.quern.cli.options.EvaluateOptions;
import dev.quern.cli.options.ReportOptions;
import dev.quern.cli.report.ReportTable;
import dev.quern.cli.results.Interruption;
import dev.quern.cli.results.Place;
import dev.quern.cli.results.Placements;
import dev.quern.recipes.JobRequest.Output;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Evaluates a result, or its original, on further texts. */
@Command(
        name = "evaluate",
        description = "Measure a finished result on a text of your own, against its original.",
        footer = {
            "%nThe report stays with the job: quern jobs show ID prints it again, quern compare takes the ID, and --out places it in a"
                    + " folder.",
            "With --server it uploads RESULT, MODEL and texts: files that the server has are skipped."
        })
@Heading(value = "Where it runs", order = 6)
public final class Evaluate implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private EvaluateOptions request = new EvaluateOptions();

    @Mixin
    private ReportOptions report = new ReportOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(names = "--detach", description = "Submit and leave: the job keeps running in the background.")
    private boolean detach;

    @Mixin
    private StoreOption store = new StoreOption();

    @Override
    public Integer call() throws InterruptedException {
        Console console = quern.console();
        Place target = report.out();
        Placements placement = target != null && target.isLocal() && !detach
                ? Placements.into(target.local(), List.of(Output.EVALUATION), report.overwrite())
                : null;
        // A folder is looked at before anything is started: it may not exist.
        Submission ready = null;
        if (request.isOfJob()) {
            JobArgument.requireIdOf(request.typed());
        } else {
            ready = Submission.of(
                    local -> request.toRequest(target, detach, local), server.isRemote(), request.folder(), console);
        }
        try (Interruption interruption = new Interruption(console, () -> Console.again(spec), placement);
                Connection connection =
                        Connection.open(server, request.workers().stack(store, server), console::say)) {
            connection.sayWhere(console);
            Submission submission = ready == null ? ofJob(connection, target, console) : ready;
            if (!submission.uploads().isEmpty()) {
                interruption.expect();
            }
            JobView job = submission.submit(connection.api(), console);
            if (detach) {
                return detached(console, job);
            }
            interruption.expect();
            job = new JobWatcher(connection, console).await(job.id());
            return finish(console, connection, job, placement);
        }
    }

    private Submission ofJob(Connection connection, @Nullable Place target, Console console)
            throws InterruptedException {
        JobView made = connection.api().job(JobArgument.whole(connection.api(), request.typed()));
        return Submission.of(local -> request.toRequest(made, target, detach, local), server.isRemote(), null, console);
    }

    private Integer detached(Console console, JobView job) {
        if (console.json()) {
            console.print(RecordCodec.write(job));
        } else {
            console.print("Job " + job.id() + " keeps running in the background.");
            console.print("  its report:  " + Console.command() + " jobs show " + job.id() + server.words());
        }
        return Exit.COMPLETED.code();
    }

    private Integer finish(Console console, Connection connection, JobView job, @Nullable Placements placement)
            throws InterruptedException {
        Exit exit = Exit.ofState(job.state());
        if (exit != Exit.COMPLETED && exit != Exit.QUARANTINED) {
            console.warn(Compress.reason(job));
            return exit.code();
        }
        JsonValue found = connection.api().report(job.id(), 0);
        if (placement != null) {
            placement.fetch(connection.api(), job, console);
        }
        if (console.json()) {
            console.print(found);
            return exit.code();
        }
        new ReportTable(console, RecordCodec.read(found, Report.class)).print();
        console.print(
                report.out() == null
                        ? "report of job " + job.id() + "; place it with: " + Console.command() + " jobs download "
                                + job.id() + " --out DIR" + server.words()
                        : "report in " + report.out().text());
        return exit.code();
    }
}
