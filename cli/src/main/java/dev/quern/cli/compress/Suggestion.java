package dev.quern.cli.compress;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.cli.jobs.JobWatcher;
import dev.quern.cli.options.RecipeWords;
import dev.quern.cli.options.RequestOptions;
import dev.quern.cli.report.ComparisonTable;
import dev.quern.cli.results.Interruption;
import dev.quern.cli.results.Place;
import dev.quern.cli.results.Placements;
import dev.quern.cli.results.ResultOptions;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Comparison;
import dev.quern.recipes.report.NextRecipe;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Tries the recipe that the report of a result leads to: a job of its own, whose result is placed beside the first. */
record Suggestion(Console console, RequestOptions request, ResultOptions result, ServerOptions server) {
    /**
     * Prints both results and compares them; the first alone where there is nothing to try.
     *
     * @param first a compression that has one result
     * @return that of the result that was accepted, the first one where both were
     */
    Exit follow(Connection connection, Ended first, Interruption interruption) throws InterruptedException {
        Report report = first.read().getFirst();
        Optional<NextRecipe> next = NextRecipe.after(report);
        if (next.isEmpty()) {
            first.print(console, server);
            console.say("no recipe to suggest: " + why(report));
            return first.exit();
        }
        if (!console.json()) {
            first.print(console, server);
        }
        Ended second = make(connection, next.get().named(), interruption);
        print(first, second);
        return first.exit() == Exit.COMPLETED ? first.exit() : second.exit();
    }

    private static String why(Report report) {
        if (report.evaluations().stream().anyMatch(text -> !Double.isFinite(text.pplOriginal()))) {
            return "the original itself has no finite figures";
        }
        boolean good = report.verdict().failures().isEmpty() && report.closeness() == Closeness.CLOSE;
        return good ? "the result is close to the original" : "none is left to try";
    }

    private Ended make(Connection connection, Recipe recipe, Interruption interruption) throws InterruptedException {
        console.say("trying the recipe that is suggested");
        console.say("recipe " + RecipeWords.of(recipe));
        String out = result.placeBeside(request.place().name(), recipe.name());
        Place target = new Place(out);
        Placements placement =
                target.isLocal() ? Placements.into(target.local(), List.of(recipe.name()), result.overwrite()) : null;
        if (placement != null) {
            interruption.add(placement);
        }
        Submission submission = Submission.of(
                local -> request.toRequest(List.of(recipe), target, false, local), server.isRemote(), null, console);
        JobView job = submission.submit(connection.api(), console);
        String id = job.id();
        interruption.expect(() -> resume(id, out));
        return Ended.of(
                connection,
                new JobWatcher(connection, console).await(id),
                result.acceptQuarantined(),
                placement,
                out,
                console);
    }

    /** The same command would begin with the first result again. */
    private String resume(String job, String out) {
        return Console.command() + " jobs watch " + job + server.words() + " && "
                + Compress.downloadAgain(job, out, server);
    }

    private void print(Ended first, Ended second) {
        if (second.reports().isEmpty()) {
            second.print(console, server);
        }
        if (console.json()) {
            List<JsonValue> reports = Stream.concat(first.reports().stream(), second.reports().stream())
                    .toList();
            console.print(reports.size() == 1 ? reports.getFirst() : new JsonArray(reports));
        } else if (!second.reports().isEmpty()) {
            second.print(console, server);
            console.print("");
            List<Report> reports =
                    List.of(first.read().getFirst(), second.read().getFirst());
            new ComparisonTable(console, Comparison.of(List.of(first.label(), second.label()), reports)).print();
        }
    }
}
