package dev.quern.worker;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.contract.JobPlan;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.calibration.TokenWindows;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.run.Source;
import dev.quern.inputs.Plans;
import dev.quern.inputs.Sources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** The inputs of a job, opened: its plan, and the checkpoint that the plan was made for. */
record JobSource(ArtifactStore store, JobPlan plan, Source source) implements AutoCloseable {
    /**
     * @throws dev.quern.recipes.QuernException SOURCE_CHANGED when the checkpoint is not what was inspected
     */
    static JobSource open(ArtifactStore store, Sources sources, String planDocument) {
        JobPlan plan = Plans.parse(read(store, planDocument));
        return new JobSource(store, plan, sources.open(plan.source(), plan.sourceStamp()));
    }

    WalkInputs inputs(ComputeBackend backend) {
        return new WalkInputs(
                source.architecture(),
                source.weights(backend),
                source.storedType(),
                windows(plan.calibration()),
                provenances());
    }

    /** One for each output. */
    List<Provenance> provenances() {
        return Plans.provenances(plan);
    }

    TokenWindows evaluation(int file) {
        return windows(plan.evaluations().get(file));
    }

    @Override
    public void close() {
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
