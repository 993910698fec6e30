package dev.quern.inputs;

import dev.quern.contract.plan.EvaluatedResult;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.Shard;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.Provenance;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** What a job's plan means to the engine. */
public final class Plans {
    private Plans() {}

    /** The plan as its document in the store holds it. */
    public static JobPlan parse(byte[] document) {
        return RecordCodec.read(Json.parse(document), JobPlan.class);
    }

    /** What the artifacts of the first output are made from; streams are named by it. */
    public static Provenance provenance(JobPlan plan) {
        return provenances(plan).getFirst();
    }

    /** The same of every output, in order; none where a finished result is evaluated. */
    public static List<Provenance> provenances(JobPlan plan) {
        return plan.recipes().stream()
                .map(recipe -> new Provenance(
                        plan.model().digest(),
                        recipe,
                        Objects.requireNonNull(plan.texts().calibrationDigest()),
                        plan.tiles().windowsPerTile(),
                        plan.numerics().profile()))
                .toList();
    }

    /**
     * The input keys of token figures, one for each model that is compared with the original: the outputs, or a
     * finished result.
     */
    public static List<Function<Shard, String>> figures(JobPlan plan) {
        EvaluatedResult result = plan.result();
        if (result != null) {
            return List.of(shard -> Provenance.figures(
                    plan.model().digest(),
                    result.digest(),
                    result.recipe(),
                    plan.numerics().profile(),
                    evaluation(plan, shard),
                    shard.first(),
                    shard.end()));
        }
        return provenances(plan).stream()
                .map(provenance -> figures(plan, provenance))
                .toList();
    }

    private static Function<Shard, String> figures(JobPlan plan, Provenance provenance) {
        List<ArtifactName> blocks = provenance.blocks(plan.work().blocks());
        return shard -> provenance.figures(blocks, evaluation(plan, shard), shard.first(), shard.end());
    }

    private static String evaluation(JobPlan plan, Shard shard) {
        return plan.texts().evaluations().get(shard.file());
    }
}
