package dev.quern.worker;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.contract.JobPlan;
import dev.quern.contract.Shard;
import dev.quern.engine.artifact.Digests;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.evaluation.TokenFigures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The token figures of a shard in the store, under a key made of all that decides them. */
record ShardFigures(ArtifactStore store, Keys keys, JobSource source, Shard shard) {
    private static final String SCHEMA = "quern-figures/v1";

    String key() {
        JobPlan plan = source.plan();
        Provenance provenance = source.provenance();
        StringBuilder parts = new StringBuilder(SCHEMA);
        for (int block = 0; block < plan.blocks(); block++) {
            parts.append('\n').append(provenance.block(block).inputKey());
        }
        parts.append('\n').append(plan.evaluations().get(shard.file()));
        parts.append('\n').append(shard.first()).append(' ').append(shard.end());
        return keys.figures(Digests.sha256(parts.toString().getBytes(StandardCharsets.UTF_8)));
    }

    boolean exist() throws IOException {
        return store.head(key()).isPresent();
    }

    void store(TokenFigures figures) throws IOException {
        store.create(key(), figures.bytes());
    }
}
