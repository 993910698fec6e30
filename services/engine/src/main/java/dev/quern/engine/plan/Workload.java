package dev.quern.engine.plan;

import dev.quern.engine.calibration.Datasets;
import dev.quern.engine.model.Architecture;
import dev.quern.recipes.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done with a checkpoint.
 *
 * @param recipes one for each output, all from one walk; the first one decides how the walk goes
 * @param windows of the calibration text
 * @param seqLen tokens of a window
 * @param evaluationTokens of all evaluation texts together; only estimates of time and scratch need them
 */
public record Workload(List<Recipe> recipes, int windows, int seqLen, long evaluationTokens) {
    /** About what the built-in text has. */
    private static final long EVALUATION_TOKENS = 32_768;

    public Workload {
        recipes = List.copyOf(recipes);
    }

    /** With one output. */
    public Workload(Recipe recipe, int windows, int seqLen, long evaluationTokens) {
        this(List.of(recipe), windows, seqLen, evaluationTokens);
    }

    /**
     * Before any text is read: as many windows as asked for, as long as asked for.
     *
     * @param windows null is the default of {@link Datasets}; seqLen likewise
     */
    public static Workload beforehand(
            List<Recipe> recipes, Architecture architecture, @Nullable Integer windows, @Nullable Integer seqLen) {
        return new Workload(
                recipes,
                windows == null ? Datasets.CALIBRATION_WINDOWS : windows,
                seqLen == null ? Math.min(Datasets.SEQ_LEN, architecture.maxPositions()) : seqLen,
                EVALUATION_TOKENS);
    }

    public Recipe recipe() {
        return recipes.getFirst();
    }
}
