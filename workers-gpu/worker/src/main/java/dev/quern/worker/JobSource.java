package dev.quern.worker;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.contract.JobPlan;
import dev.quern.contract.SourceStamp;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.calibration.TokenWindows;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Architectures;
import dev.quern.engine.model.CheckpointWeights;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** The inputs of a job, opened: its plan, and the checkpoint that the plan was made for. */
record JobSource(ArtifactStore store, JobPlan plan, Checkpoint checkpoint, Architecture architecture)
        implements AutoCloseable {
    /**
     * @throws dev.quern.recipes.QuernException SOURCE_CHANGED when the checkpoint is not what was inspected
     */
    static JobSource open(ArtifactStore store, String planDocument) {
        JobPlan plan = RecordCodec.read(Json.parse(read(store, planDocument)), JobPlan.class);
        Path folder = Path.of(plan.source());
        Checkpoint checkpoint = Checkpoint.open(folder);
        try {
            SourceStamp.require(plan.sourceStamp(), folder, checkpoint.files());
            return new JobSource(store, plan, checkpoint, Architectures.of(checkpoint.config()));
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    WalkInputs inputs(ComputeBackend backend) {
        return new WalkInputs(architecture, weights(backend), storedType(), windows(plan.calibration()), provenance());
    }

    Provenance provenance() {
        return new Provenance(
                plan.modelDigest(), plan.recipe(), plan.calibrationDigest(), plan.windowsPerTile(), plan.profile());
    }

    CheckpointWeights weights(ComputeBackend backend) {
        return new CheckpointWeights(backend, checkpoint);
    }

    /** Of the linears: compressed weights are decoded to it, as loaders do. */
    DType storedType() {
        String first = architecture.prefix(0)
                + architecture.program().linears().getFirst().weight();
        return checkpoint.entry(first).type().dtype();
    }

    TokenWindows evaluation(int file) {
        return windows(plan.evaluations().get(file));
    }

    @Override
    public void close() {
        checkpoint.close();
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
