package dev.quern.cli;

import dev.quern.embedded.StackOptions;
import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.view.JobView;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "watch", description = "Follow a job to its end; starts the embedded stack where it does not run.")
final class JobsWatch implements Callable<Integer> {
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
        try (Interruption interruption =
                        new Interruption(console, () -> "quern jobs watch " + id + server.words(), null);
                Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            interruption.expect();
            JobView job = new JobWatcher(connection, console).await(id);
            if (console.json()) {
                console.print(RecordCodec.write(job));
            } else {
                console.print("job " + id + " " + job.state().toLowerCase(Locale.ROOT)
                        + (job.failure() == null ? "" : ": " + job.failure().message()));
            }
            return Exit.ofState(job.state()).code();
        }
    }
}
