package dev.quern.worker.activities;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.contract.plan.JobPlan;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.model.Model;
import dev.quern.engine.run.ResultBlocks;
import dev.quern.engine.run.Source;
import dev.quern.engine.run.StoredBlocks;
import dev.quern.engine.text.TokenWindows;
import dev.quern.inputs.Plans;
import dev.quern.inputs.Sources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of a job, opened: its plan, and the checkpoint that the plan was made for.
 *
 * @param result that is evaluated; null for a compression
 */
record JobSource(
        ArtifactStore store,
        JobPlan plan,
        Source source,
        @Nullable CompressedCheckpoint result) implements AutoCloseable {
    /** @throws dev.quern.recipes.error.QuernException SOURCE_CHANGED when the checkpoint is not what was inspected */
    static JobSource open(ArtifactStore store, Sources sources, String planDocument) {
        JobPlan plan = Plans.parse(read(store, planDocument));
        Source source = sources.open(plan.model().source(), plan.model().stamp());
        try {
            return new JobSource(store, plan, source, result(sources, plan));
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private static @Nullable CompressedCheckpoint result(Sources sources, JobPlan plan) {
        return plan.result() == null
                ? null
                : sources.openResult(plan.result().location(), plan.result().stamp());
    }

    WalkInputs inputs(ComputeBackend backend) {
        List<Provenance> provenances = provenances();
        // All recipes of a job have one transform.
        Model model = source.model(provenances.getFirst().recipe());
        return new WalkInputs(
                model.architecture(),
                model.weights(backend),
                source.storedType(),
                windows(plan.calibrationWindows()),
                provenances);
    }

    /** One for each output. */
    List<Provenance> provenances() {
        return Plans.provenances(plan);
    }

    /**
     * The models that are compared with the original, in the order of {@link Plans#figures}.
     *
     * @param blocks the job's
     */
    List<CompressedBlocks> compared(ComputeBackend backend, BlockStore blocks) {
        if (result != null) {
            return List.of(new ResultBlocks(
                    backend,
                    result,
                    source,
                    Objects.requireNonNull(plan.result()).recipe()));
        }
        return provenances().stream()
                .map(provenance -> new StoredBlocks(source, provenance, blocks).decoded(backend))
                .toList();
    }

    TokenWindows evaluation(int file) {
        return windows(plan.texts().evaluations().get(file));
    }

    @Override
    public void close() {
        if (result != null) {
            result.close();
        }
        source.close();
    }

    private TokenWindows windows(String key) {
        return TokenWindows.of(read(store, key));
    }

    private static byte[] read(ArtifactStore store, String key) {
        try {
            return store.read(key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
