package dev.quern.worker;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.contract.JobPlan;
import dev.quern.contract.Shard;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.recipes.process.FailPoint;
import java.io.IOException;

/** The token figures of a shard in the store, under a key made of all that decides them. */
record ShardFigures(ArtifactStore store, Keys keys, JobSource source, Shard shard) {
    String key() {
        JobPlan plan = source.plan();
        String evaluation = plan.evaluations().get(shard.file());
        return keys.figures(
                Provenance.figures(source.provenance().blocks(plan.blocks()), evaluation, shard.first(), shard.end()));
    }

    boolean exist() throws IOException {
        return store.head(key()).isPresent();
    }

    void store(TokenFigures figures) throws IOException {
        FailPoint.pass("figures.before");
        store.create(key(), figures.bytes());
        FailPoint.pass("figures.after");
    }
}
