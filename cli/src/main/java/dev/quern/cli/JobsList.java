package dev.quern.cli;

import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.view.JobView;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(name = "list", description = "List jobs, the newest first.")
final class JobsList implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Jobs jobs;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(names = "--state", paramLabel = "STATE", description = "Only jobs in this state.")
    private @Nullable String state;

    @Option(names = "--limit", paramLabel = "N", description = "At most this many (default: 20).")
    private int limit = 20;

    @Override
    public Integer call() throws InterruptedException {
        Console console = jobs.console();
        Map<String, String> filter = new HashMap<>();
        if (state != null) {
            filter.put("state", state.toUpperCase(Locale.ROOT));
        }
        try (Connection connection = Connection.attach(server)) {
            JobView.Page page = connection.api().jobs(filter, null, limit);
            if (console.json()) {
                console.print(RecordCodec.write(page));
            } else {
                print(console, page);
            }
        }
        return Exit.COMPLETED.code();
    }

    private static void print(Console console, JobView.Page page) {
        Table table = Table.ofText("job", "state", "done", "recipe", "model", "name", "created");
        for (JobView job : page.jobs()) {
            table.row(
                    job.id(),
                    job.state().toLowerCase(Locale.ROOT),
                    String.format(Locale.ROOT, "%.0f %%", job.progress().percent()),
                    String.join(" + ", Results.recipes(job)),
                    job.model(),
                    job.name() == null ? "" : job.name(),
                    job.createdAt().toString());
        }
        table.print(console);
    }
}
