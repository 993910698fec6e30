package dev.quern.cli.jobs;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.cli.report.ReportTable;
import dev.quern.cli.results.Interruption;
import dev.quern.cli.results.Results;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(name = "watch", description = "Follow a job to its end; starts the embedded stack where it does not run.")
final class JobsWatch implements Callable<Integer> {
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
        try (Interruption interruption = new Interruption(console, this::again, null);
                Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            String id = named.resolve(connection.api());
            interruption.expect();
            JobView job = new JobWatcher(connection, console).await(id);
            if (console.json()) {
                console.print(RecordCodec.write(job));
            } else {
                console.print("job " + id + " " + job.state().word()
                        + (job.remarks().failure() == null
                                ? ""
                                : ": " + job.remarks().failure().message()));
                for (JsonValue report : Results.reports(connection.api(), job)) {
                    new ReportTable(console, RecordCodec.read(report, Report.class)).print();
                }
            }
            return Exit.ofState(job.state()).code();
        }
    }

    private String again() {
        return Console.command() + " jobs watch " + named.words() + server.words();
    }
}
