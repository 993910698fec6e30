package dev.quern.cli;

import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.view.JobView;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "cancel", description = "Ask a job to stop. What it has made stays.")
final class JobsCancel implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Jobs jobs;

    @Parameters(paramLabel = "ID", description = "The job.")
    @SuppressWarnings("NullAway.Init")
    private String id;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws InterruptedException {
        Console console = jobs.console();
        try (Connection connection = Connection.attach(server)) {
            connection.api().cancel(id);
            JobView job = connection.api().job(id);
            if (console.json()) {
                console.print(RecordCodec.write(job));
            } else {
                console.print("job " + id + " " + job.state().toLowerCase(Locale.ROOT));
            }
        }
        return Exit.COMPLETED.code();
    }
}
