package dev.quern.cli.compress;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.client.StoreOption;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.Heading;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.jobs.Approval;
import dev.quern.cli.jobs.JobWatcher;
import dev.quern.cli.options.RecipeWords;
import dev.quern.cli.options.RequestOptions;
import dev.quern.cli.report.ReportTable;
import dev.quern.cli.results.Interruption;
import dev.quern.cli.results.Place;
import dev.quern.cli.results.Placements;
import dev.quern.cli.results.ResultOptions;
import dev.quern.cli.results.Results;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonValue;
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

/** Compresses a model and places the result. */
@Command(
        name = "compress",
        description = "Compress a checkpoint; place the result and a report of its quality in a folder.",
        footer = {
            "%nRun the same command again to resume after an interruption.",
            "Without --server it uses the embedded stack of the data folder, and starts it where it does not run.",
            "With --server it uploads MODEL and texts: files that the server has are skipped, and an interrupted upload is resumed."
        })
@Heading(value = "Where it runs", order = 6)
public final class Compress implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private RequestOptions request = new RequestOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private ResultOptions result = new ResultOptions();

    @Option(names = "--detach", description = "Submit and leave: the job keeps running in the background.")
    private boolean detach;

    @Mixin
    private StoreOption store = new StoreOption();

    @Override
    public Integer call() throws InterruptedException {
        Console console = quern.console();
        String out = result.place(request.place().name(), request.recipeNames());
        Place target = new Place(out);
        Placements placement = target.isLocal() && !detach
                ? Placements.into(target.local(), request.recipeNames(), result.overwrite())
                : null;
        Submission submission =
                Submission.of(local -> request.toRequest(target, detach, local), server.isRemote(), null, console);
        sayRecipes(console);
        try (Interruption interruption = new Interruption(console, () -> Console.again(spec), placement);
                Connection connection =
                        Connection.open(server, request.placement().workers().stack(store, server), console::say)) {
            connection.sayWhere(console);
            if (!submission.uploads().isEmpty()) {
                interruption.expect();
            }
            JobView job = submission.submit(connection.api(), console);
            if (detach) {
                return detached(console, job, target);
            }
            interruption.expect();
            job = new JobWatcher(connection, console).await(job.id());
            String id = job.id();
            interruption.expect(() -> downloadAgain(id, out));
            return finish(console, connection, job, placement, out);
        }
    }

    /** What options made of recipes, and what will not load it. */
    private void sayRecipes(Console console) {
        for (Recipe recipe : request.recipes().recipes()) {
            if (request.recipes().changes()) {
                console.say("recipe " + RecipeWords.of(recipe));
            }
            RecipeWords.loading(recipe, request.format()).forEach(line -> console.say("note: " + line));
        }
    }

    /** Once a job is over the same command would start another one. */
    private String downloadAgain(String job, String out) {
        return Console.command() + " jobs download " + job + " --out " + out + server.words();
    }

    private Integer detached(Console console, JobView job, Place target) {
        if (console.json()) {
            console.print(RecordCodec.write(job));
        } else {
            console.print("Job " + job.id() + " keeps running in the background.");
            console.print("  watch it:    " + Console.command() + " jobs watch " + job.id() + server.words());
            console.print("  its result:  "
                    + (target.isLocal() ? downloadAgain(job.id(), target.text()) : "in " + target.text()));
        }
        return Exit.COMPLETED.code();
    }

    private Integer finish(
            Console console, Connection connection, JobView job, @Nullable Placements placement, String out)
            throws InterruptedException {
        JobView last = job;
        if (job.state() == JobState.QUARANTINED && result.acceptQuarantined()) {
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
        print(console, last, reports, out);
        return exit.code();
    }

    private void print(Console console, JobView job, List<JsonValue> reports, String out) {
        if (console.json()) {
            console.print(reports.size() == 1 ? reports.getFirst() : new JsonArray(reports));
            return;
        }
        reports.forEach(report -> new ReportTable(console, RecordCodec.read(report, Report.class)).print());
        if (job.state() == JobState.QUARANTINED && reports.size() == 1) {
            console.print("The result failed its gate and was not placed. Take it with: " + Console.command()
                    + " jobs download " + job.id() + " --accept-quarantined --out " + out + server.words());
            return;
        }
        Results results = new Results(job, out);
        results.sayWhere(console);
        results.sayHowToServe(
                console,
                reports.stream()
                        .map(report -> RecordCodec.read(report, Report.class))
                        .toList());
    }

    static String reason(JobView job) {
        JobView.Failure failure = job.remarks().failure();
        return failure == null ? "job " + job.id() + " ended " + job.state().word() : failure.message();
    }
}
