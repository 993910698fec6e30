package dev.quern.cli;

import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(name = "show", description = "Show one job, with its report where it has one.")
final class JobsShow implements Callable<Integer> {
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
            JobView job = connection.api().job(id);
            if (console.json()) {
                console.print(RecordCodec.write(job));
                return Exit.COMPLETED.code();
            }
            print(console, job);
            if (job.state().equals("COMPLETED") || job.state().equals("QUARANTINED")) {
                for (int output = 0; output < Results.recipes(job).size(); output++) {
                    Report report = RecordCodec.read(connection.api().report(id, output), Report.class);
                    new ReportTable(console, report).print();
                }
            }
        }
        return Exit.COMPLETED.code();
    }

    private static void print(Console console, JobView job) {
        console.print("job     " + job.id() + (job.name() == null ? "" : " (" + job.name() + ")"));
        console.print("state   " + job.state().toLowerCase(Locale.ROOT));
        console.print("model   " + job.model());
        console.print("recipe  " + String.join(" + ", Results.recipes(job)));
        if (!JobWatcher.isOver(job)) {
            console.print("now     " + ProgressLine.describe(job));
        }
        if (job.failure() != null) {
            console.print("failed  " + job.failure().message());
        }
        if (job.outputDigest() != null) {
            console.print("digest  " + job.outputDigest());
        }
    }
}
