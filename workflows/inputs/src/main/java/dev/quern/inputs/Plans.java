package dev.quern.inputs;

import dev.quern.contract.JobPlan;
import dev.quern.engine.artifact.Provenance;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;

/** What a job's plan means to the engine. */
public final class Plans {
    private Plans() {}

    /** The plan as its document in the store holds it. */
    public static JobPlan parse(byte[] document) {
        return RecordCodec.read(Json.parse(document), JobPlan.class);
    }

    /** What the plan's artifacts are made from. */
    public static Provenance provenance(JobPlan plan) {
        return new Provenance(
                plan.modelDigest(), plan.recipe(), plan.calibrationDigest(), plan.windowsPerTile(), plan.profile());
    }
}
