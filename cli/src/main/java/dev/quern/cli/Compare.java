package dev.quern.cli;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.completion.Ids;
import dev.quern.cli.console.Console;
import dev.quern.cli.jobs.JobArgument;
import dev.quern.cli.report.ComparisonTable;
import dev.quern.cli.report.ReportFile;
import dev.quern.cli.results.Results;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.report.Comparison;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "compare",
        description = "Compare results: recipes, quality on the same texts, sizes, times, errors of linears.")
final class Compare implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(
            paramLabel = "DIR|ID",
            arity = "1..*",
            completionCandidates = Ids.MarkOrFiles.class,
            description = "Folders of results, or ids of jobs; a job with several outputs counts as so many results.")
    private List<String> results = List.of();

    @Mixin
    private ServerOptions server = new ServerOptions();

    private final List<String> labels = new ArrayList<>();
    private final List<Report> reports = new ArrayList<>();

    @Override
    public Integer call() throws InterruptedException {
        Console console = quern.console();
        require();
        // Folders need no server.
        if (results.stream().allMatch(ReportFile::isFolder)) {
            results.forEach(this::folder);
        } else {
            try (Connection connection = Connection.attach(server)) {
                for (String result : results) {
                    if (ReportFile.isFolder(result)) {
                        folder(result);
                    } else {
                        job(connection, result);
                    }
                }
            }
        }
        Comparison comparison = Comparison.of(labels, reports);
        if (console.json()) {
            console.print(RecordCodec.write(comparison));
        } else {
            new ComparisonTable(console, comparison).print();
        }
        return Exit.COMPLETED.code();
    }

    private void require() {
        if (results.size() == 1) {
            throw new ParameterException(
                    spec.commandLine(), results.getFirst() + ": one result (expected: at least two, to be compared)");
        }
        results.stream().filter(result -> !ReportFile.isFolder(result)).forEach(JobArgument::requireIdOf);
    }

    private void folder(String folder) {
        labels.add(folder);
        reports.add(ReportFile.read(Path.of(folder)));
    }

    private void job(Connection connection, String typed) throws InterruptedException {
        String id = JobArgument.whole(connection.api(), typed);
        JobView job = connection.api().job(id);
        List<String> recipes = Results.recipes(job);
        for (int output = 0; output < recipes.size(); output++) {
            labels.add(recipes.size() == 1 ? typed : typed + " " + recipes.get(output));
            reports.add(RecordCodec.read(connection.api().report(id, output), Report.class));
        }
    }
}
