package dev.quern.cli;

import dev.quern.recipes.view.JobView;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What came out of a job, and where it was put.
 *
 * @param place as it was typed; of several outputs each lies within it, by the name of its recipe
 */
record Results(JobView job, String place) {
    /** Names, one for each output. */
    List<String> recipes() {
        return recipes(job);
    }

    static List<String> recipes(JobView job) {
        // A server of an earlier version knows of one only.
        return job.outputs().isEmpty()
                ? List.of(job.recipe())
                : job.outputs().stream().map(JobView.Output::recipe).toList();
    }

    boolean anyPublished() {
        return IntStream.range(0, recipes().size()).anyMatch(output -> Placements.isPublished(job, output));
    }

    /** A line for each output. */
    void sayWhere(Console console) {
        List<String> recipes = recipes();
        for (int output = 0; output < recipes.size(); output++) {
            if (Placements.isPublished(job, output)) {
                console.print("result in " + (recipes.size() == 1 ? place : place(recipes.get(output))));
            } else {
                console.print(recipes.get(output) + " failed its gate and was not placed.");
            }
        }
    }

    private String place(String recipe) {
        return place + (place.endsWith("/") ? "" : "/") + recipe;
    }
}
