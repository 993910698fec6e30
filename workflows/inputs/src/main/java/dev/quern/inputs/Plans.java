package dev.quern.inputs;

import dev.quern.contract.JobPlan;
import dev.quern.contract.Shard;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.Provenance;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import java.util.List;

/** What a job's plan means to the engine. */
public final class Plans {
    private Plans() {}

    /** The plan as its document in the store holds it. */
    public static JobPlan parse(byte[] document) {
        return RecordCodec.read(Json.parse(document), JobPlan.class);
    }

    /** What the artifacts of the first output are made from; streams are named by it. */
    public static Provenance provenance(JobPlan plan) {
        return new Provenance(
                plan.modelDigest(), plan.recipe(), plan.calibrationDigest(), plan.windowsPerTile(), plan.profile());
    }

    /** The same of every output, in order. */
    public static List<Provenance> provenances(JobPlan plan) {
        return plan.recipes().stream().map(provenance(plan)::with).toList();
    }

    /**
     * The input key of an output's token figures of one shard.
     *
     * @param blocks all of the output's
     */
    public static String figures(JobPlan plan, List<ArtifactName> blocks, Shard shard) {
        String evaluation = plan.evaluations().get(shard.file());
        return Provenance.figures(blocks, evaluation, shard.first(), shard.end());
    }
}
