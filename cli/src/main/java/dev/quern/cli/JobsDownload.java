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
        description =
                "Place the result of a job in a folder, each of several in one within it by the name of its recipe; starts the embedded stack where it does not run.")
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
        String again = "quern jobs download " + id + " --out " + out + server.words();
        try (Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
            JobView job = connection.api().job(id);
            Results results = new Results(job, out.toString());
            if (!results.anyPublished()) {
                throw new QuernException(
                        ErrorCode.CONFLICT, "job " + id + ": " + job.state() + " (expected: COMPLETED)");
            }
            Placements placements = Placements.into(out, results.recipes(), overwrite);
            try (Interruption interruption = new Interruption(console, () -> again, placements)) {
                interruption.expect();
                placements.fetch(connection.api(), job, console);
            }
            if (console.json()) {
                console.print(RecordCodec.write(job));
            } else {
                results.sayWhere(console);
            }
        }
        return Exit.COMPLETED.code();
    }
}
