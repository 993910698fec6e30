package dev.quern.contract;

import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.LinearView;
import java.time.Duration;
import java.util.List;

/**
 * How far a compute activity is: a hint for people, never the truth, which is in the store.
 *
 * @param stage TRACE, GRADIENT, COMPRESS or EVALUATE
 * @param block in work; -1 before the first
 * @param reusedBlocks that were there before
 * @param fraction of the stage, 0 to 1
 * @param linears finished lately; some may come twice
 */
public record Heartbeat(Stage stage, int block, int reusedBlocks, double fraction, List<LinearView> linears) {
    /** Between two heartbeats of an activity; the server waits {@link #TIMEOUT} for one. */
    public static final Duration PERIOD = Duration.ofSeconds(1);

    public static final Duration TIMEOUT = Duration.ofSeconds(30);

    public Heartbeat {
        linears = List.copyOf(linears);
    }
}
