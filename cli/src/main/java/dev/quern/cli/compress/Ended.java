package dev.quern.cli.compress;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.cli.jobs.Approval;
import dev.quern.cli.report.ReportTable;
import dev.quern.cli.results.Placements;
import dev.quern.cli.results.Results;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A compression at its end.
 *
 * @param reports one for each output; none where it has no result
 * @param place of the results, as it was typed
 */
record Ended(JobView job, List<JsonValue> reports, String place) {
    /** How many digits of an id name a job. */
    private static final int ID = 8;

    /**
     * Places what the gate accepted.
     *
     * @param accept whether a result that it refused is taken
     * @param placement null where the server writes the result
     */
    static Ended of(
            Connection connection,
            JobView job,
            boolean accept,
            @Nullable Placements placement,
            String place,
            Console console)
            throws InterruptedException {
        JobView last = job;
        if (job.state() == JobState.QUARANTINED && accept) {
            connection.api().approve(job.id());
            last = new Approval(connection).await(job.id());
        }
        List<JsonValue> reports = Results.reports(connection.api(), last);
        if (!reports.isEmpty() && placement != null) {
            placement.fetch(connection.api(), last, console);
        }
        return new Ended(last, reports, place);
    }

    Exit exit() {
        return Exit.ofState(job.state());
    }

    List<Report> read() {
        return reports.stream()
                .map(report -> RecordCodec.read(report, Report.class))
                .toList();
    }

    /** What a comparison calls its first result: where it is, or the job where it was not placed. */
    String label() {
        return Placements.isPublished(job, 0) ? place : "job " + job.id().substring(0, ID);
    }

    /** @param server for the commands that it names */
    void print(Console console, ServerOptions server) {
        if (reports.isEmpty()) {
            console.warn(Compress.reason(job));
            return;
        }
        if (console.json()) {
            console.print(reports.size() == 1 ? reports.getFirst() : new JsonArray(reports));
            return;
        }
        read().forEach(report -> new ReportTable(console, report).print());
        if (job.state() == JobState.QUARANTINED && reports.size() == 1) {
            console.print("The result failed its gate and was not placed. Take it with: " + Console.command()
                    + " jobs download " + job.id() + " --accept-quarantined --out " + place + server.words());
            return;
        }
        Results results = new Results(job, place);
        results.sayWhere(console);
        results.sayHowToServe(console, read());
    }
}
