package dev.quern.worker.activities;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.Shard;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.inputs.Plans;
import dev.quern.recipes.process.FailPoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The token figures of a compared model over a shard in the store, under a key made of all that decides them.
 *
 * @param model its position among those of {@link Plans#figures}
 * @param key names the object
 */
record ShardFigures(ArtifactStore store, int model, String key) {
    /** One for each compared model. */
    static List<ShardFigures> of(ArtifactStore store, Keys keys, JobPlan plan, Shard shard) {
        List<Function<Shard, String>> names = Plans.figures(plan);
        return IntStream.range(0, names.size())
                .mapToObj(model -> new ShardFigures(
                        store, model, keys.figures(names.get(model).apply(shard))))
                .toList();
    }

    /** Those that are not in the store. */
    static List<ShardFigures> missing(List<ShardFigures> figures) throws IOException {
        List<ShardFigures> missing = new ArrayList<>();
        for (ShardFigures each : figures) {
            if (each.store().head(each.key()).isEmpty()) {
                missing.add(each);
            }
        }
        return missing;
    }

    /** @param made one for each */
    static void store(List<ShardFigures> figures, List<TokenFigures> made) throws IOException {
        for (int i = 0; i < figures.size(); i++) {
            figures.get(i).store(made.get(i));
        }
    }

    private void store(TokenFigures figures) throws IOException {
        FailPoint.pass("figures.before");
        store.create(key, figures.bytes());
        FailPoint.pass("figures.after");
    }
}
