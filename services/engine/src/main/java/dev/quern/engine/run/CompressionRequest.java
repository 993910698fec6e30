package dev.quern.engine.run;

import dev.quern.recipes.Gate;
import dev.quern.recipes.Recipe;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A compression to be run in this process.
 *
 * @param model a checkpoint folder
 * @param evaluations at least one
 */
public record CompressionRequest(Path model, Recipe recipe, Text calibration, List<Text> evaluations, Gate gate) {
    /** What {@link dev.quern.engine.text.Datasets} reads; null is its default. */
    public record Text(
            @Nullable Path file,
            @Nullable Integer windows,
            @Nullable Integer seqLen) {
        public static final Text BUILT_IN = new Text(null, null, null);
    }

    public CompressionRequest {
        evaluations = List.copyOf(evaluations);
    }
}
