package dev.quern.cli.jobs;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.json.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "delete",
        description = "Delete a job at its end, with its results in the store. What was placed in folders stays.")
final class JobsDelete implements Callable<Integer> {
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
            connection.api().delete(id);
            if (console.json()) {
                console.print(JsonObject.EMPTY.with("deleted", id));
            } else {
                console.print("job " + id + " deleted");
            }
        }
        return Exit.COMPLETED.code();
    }
}
