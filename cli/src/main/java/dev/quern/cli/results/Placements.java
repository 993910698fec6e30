package dev.quern.cli.results;

import dev.quern.cli.client.Api;
import dev.quern.cli.console.Console;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.view.JobView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The folders that a job's outputs go to: of one the folder itself, of several a folder within it for each, by the
 * recipe's name.
 */
public final class Placements implements AutoCloseable {
    private final List<Placement> placements = new ArrayList<>();

    private Placements() {}

    /**
     * Looks only; nothing is made yet.
     *
     * @param recipes names, one for each output
     * @throws QuernException OUTPUT_TAKEN as {@link Placement#into}
     */
    public static Placements into(Path folder, List<String> recipes, boolean overwrite) {
        if (recipes.size() > 1 && Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new QuernException(ErrorCode.OUTPUT_TAKEN, folder + ": is a file (expected: a folder, or nothing)");
        }
        Placements all = new Placements();
        recipes.forEach(recipe ->
                all.placements.add(Placement.into(recipes.size() == 1 ? folder : folder.resolve(recipe), overwrite)));
        return all;
    }

    /** Fetches every output that is published; one that its gate held back is not. */
    public void fetch(Api api, JobView job, Console console) throws InterruptedException {
        for (int output = 0; output < placements.size(); output++) {
            if (isPublished(job, output)) {
                placements.get(output).fetch(api, job.id(), output, console);
            }
        }
    }

    /** Whether an output may be downloaded: a model only if the gate or a person accepted it, a report always. */
    public static boolean isPublished(JobView job, int output) {
        return job.state() == JobState.COMPLETED
                || (job.work().result() != null && job.state() == JobState.QUARANTINED)
                || (job.outputs().size() > 1
                        && Boolean.TRUE.equals(job.outputs().get(output).accepted()));
    }

    @Override
    public void close() {
        placements.forEach(Placement::close);
    }
}
