package dev.quern.cli.jobs;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.view.JobView;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(name = "approve", description = "Publish a quarantined result; requires a key with scope admin.")
final class JobsApprove implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Jobs jobs;

    @Mixin
    private JobArgument job = new JobArgument();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws InterruptedException {
        Console console = jobs.console();
        job.require();
        try (Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            String id = job.resolve(connection.api());
            connection.api().approve(id);
            JobView approved = new Approval(connection).await(id);
            if (console.json()) {
                console.print(RecordCodec.write(approved));
            } else {
                console.print("job " + id + " approved");
                console.print(
                        "  its result:  " + Console.command() + " jobs download " + id + " --out DIR" + server.words());
            }
        }
        return Exit.COMPLETED.code();
    }
}
