package dev.quern.cli.compress;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.client.StoreOption;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.Heading;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.jobs.JobWatcher;
import dev.quern.cli.options.RecipeWords;
import dev.quern.cli.options.RequestOptions;
import dev.quern.cli.options.SuggestOption;
import dev.quern.cli.results.Interruption;
import dev.quern.cli.results.Place;
import dev.quern.cli.results.Placements;
import dev.quern.cli.results.ResultOptions;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.view.JobView;
import java.util.concurrent.Callable;
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
    private SuggestOption suggest = new SuggestOption();

    @Mixin
    private StoreOption store = new StoreOption();

    @Override
    public Integer call() throws InterruptedException {
        Console console = quern.console();
        suggest.require(detach, request.recipeNames().size());
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
            interruption.expect(() -> downloadAgain(id, out, server));
            Ended ended = Ended.of(connection, job, result.acceptQuarantined(), placement, out, console);
            return finish(console, connection, ended, interruption).code();
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
    static String downloadAgain(String job, String out, ServerOptions server) {
        return Console.command() + " jobs download " + job + " --out " + out + server.words();
    }

    private Integer detached(Console console, JobView job, Place target) {
        if (console.json()) {
            console.print(RecordCodec.write(job));
        } else {
            console.print("Job " + job.id() + " keeps running in the background.");
            console.print("  watch it:    " + Console.command() + " jobs watch " + job.id() + server.words());
            console.print("  its result:  "
                    + (target.isLocal() ? downloadAgain(job.id(), target.text(), server) : "in " + target.text()));
        }
        return Exit.COMPLETED.code();
    }

    private Exit finish(Console console, Connection connection, Ended ended, Interruption interruption)
            throws InterruptedException {
        if (suggest.isAsked() && !ended.reports().isEmpty()) {
            return new Suggestion(console, request, result, server).follow(connection, ended, interruption);
        }
        ended.print(console, server);
        return ended.exit();
    }

    static String reason(JobView job) {
        JobView.Failure failure = job.remarks().failure();
        return failure == null ? "job " + job.id() + " ended " + job.state().word() : failure.message();
    }
}
