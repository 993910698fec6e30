package dev.quern.cli;

import dev.quern.embedded.StackOptions;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.view.JobView;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "download",
        description = "Place the result of a job in a folder; starts the embedded stack where it does not run.")
final class JobsDownload implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Jobs jobs;

    @Parameters(paramLabel = "ID", description = "The job.")
    @SuppressWarnings("NullAway.Init")
    private String id;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Must be empty or not exist.")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Option(names = "--overwrite", description = "Replace what lies under --out, once the result is there.")
    private boolean overwrite;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() throws InterruptedException {
        Console console = jobs.console();
        Placement placement = Placement.into(out, overwrite);
        String again = "quern jobs download " + id + " --out " + out + server.words();
        try (Interruption interruption = new Interruption(console, () -> again, placement);
                Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            JobView job = connection.api().job(id);
            if (!job.state().equals("COMPLETED")) {
                throw new QuernException(
                        ErrorCode.CONFLICT, "job " + id + ": " + job.state() + " (expected: COMPLETED)");
            }
            interruption.expect();
            placement.fetch(connection.api(), id, console);
            if (console.json()) {
                console.print(RecordCodec.write(job));
            } else {
                console.print("result in " + out);
            }
        }
        return Exit.COMPLETED.code();
    }
}
