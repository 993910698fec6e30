package dev.quern.cli.jobs;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.cli.results.Interruption;
import dev.quern.cli.results.Place;
import dev.quern.cli.results.Placements;
import dev.quern.cli.results.ResultOptions;
import dev.quern.cli.results.Results;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.view.JobView;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "download",
        description =
                "Place the result of a job in a folder, each of several in one within it by the name of its recipe; starts the embedded stack where it does not run.")
final class JobsDownload implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Jobs jobs;

    @Mixin
    private JobArgument named = new JobArgument();

    @Mixin
    private ResultOptions result = new ResultOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws InterruptedException {
        Console console = jobs.console();
        named.require();
        try (Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            JobView job = published(connection);
            String of = job.work().result() == null
                    ? job.work().model()
                    : job.work().result();
            String out = result.place(new Place(of).name(), Results.recipes(job));
            Results results = new Results(job, out);
            String again = Console.command() + " jobs download " + job.id() + " --out " + out + server.words();
            Placements placements = Placements.into(new Place(out).local(), results.recipes(), result.overwrite());
            try (Interruption interruption = new Interruption(console, () -> again, placements)) {
                interruption.expect();
                placements.fetch(connection.api(), job, console);
            }
            if (console.json()) {
                console.print(RecordCodec.write(job));
            } else {
                results.sayWhere(console);
            }
            return (results.allPublished() ? Exit.COMPLETED : Exit.QUARANTINED).code();
        }
    }

    /** The job, with a result to fetch. */
    private JobView published(Connection connection) throws InterruptedException {
        String id = named.resolve(connection.api());
        JobView job = connection.api().job(id);
        if (job.state() == JobState.QUARANTINED && result.acceptQuarantined()) {
            connection.api().approve(id);
            job = new Approval(connection).await(id);
        }
        if (!new Results(job, "").anyPublished()) {
            throw new QuernException(
                    ErrorCode.CONFLICT,
                    "job " + id + ": " + job.state() + " (expected: COMPLETED"
                            + (job.state() == JobState.QUARANTINED
                                    ? "; take a quarantined result with --accept-quarantined"
                                    : "")
                            + ")");
        }
        return job;
    }
}
