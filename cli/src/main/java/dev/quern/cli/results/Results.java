package dev.quern.cli.results;

import dev.quern.cli.client.Api;
import dev.quern.cli.console.Console;
import dev.quern.recipes.Loading.Loader;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.process.ShellWord;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What came out of a job, and where it was put.
 *
 * @param place as it was typed; of several outputs each lies within it, by the name of its recipe
 */
public record Results(JobView job, String place) {
    /** Names, one for each output. */
    public List<String> recipes() {
        return recipes(job);
    }

    public static List<String> recipes(JobView job) {
        // A server of an earlier version knows of one only.
        return job.outputs().isEmpty()
                ? List.of(job.first().recipe())
                : job.outputs().stream().map(JobView.Output::recipe).toList();
    }

    /** The report of each output; none before the job has results. */
    public static List<JsonValue> reports(Api api, JobView job) throws InterruptedException {
        List<JsonValue> reports = new ArrayList<>();
        boolean made = job.state() == JobState.COMPLETED || job.state() == JobState.QUARANTINED;
        for (int output = 0; made && output < recipes(job).size(); output++) {
            reports.add(api.report(job.id(), output));
        }
        return reports;
    }

    public boolean allPublished() {
        return IntStream.range(0, recipes().size()).allMatch(output -> Placements.isPublished(job, output));
    }

    public boolean anyPublished() {
        return IntStream.range(0, recipes().size()).anyMatch(output -> Placements.isPublished(job, output));
    }

    /** A line for each output. */
    public void sayWhere(Console console) {
        List<String> recipes = recipes();
        for (int output = 0; output < recipes.size(); output++) {
            if (Placements.isPublished(job, output)) {
                console.print("result in " + (recipes.size() == 1 ? place : place(recipes.get(output))));
            } else {
                console.print(recipes.get(output) + " failed its gate and was not placed.");
            }
        }
    }

    /** A command for what is placed, where vLLM takes it: the notes of a report name every loader that does not. */
    public void sayHowToServe(Console console, List<Report> reports) {
        for (int output = 0; output < reports.size(); output++) {
            boolean loads =
                    reports.get(output).notes().stream().noneMatch(note -> note.startsWith(Loader.VLLM.title()));
            if (loads && Placements.isPublished(job, output) && new Place(place).isLocal()) {
                String folder = recipes().size() == 1 ? place : place(recipes().get(output));
                console.print("serve it with: vllm serve " + ShellWord.quoted(folder));
            }
        }
    }

    private String place(String recipe) {
        return place + (place.endsWith("/") ? "" : "/") + recipe;
    }
}
