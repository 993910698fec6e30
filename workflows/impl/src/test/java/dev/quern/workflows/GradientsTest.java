package dev.quern.workflows;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.contract.Failures;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.plan.GradientsRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The stage in which gradients are computed, without any. */
@Timeout(120)
class GradientsTest {
    private static final JobRef JOB = new JobRef("default", "job", 1);

    @RegisterExtension
    final WorkflowHarness harness = new WorkflowHarness();

    private final FakeControl control = harness.control();
    private final FakeWorker device = harness.device();

    @BeforeEach
    void plan() {
        control.gradients = new GradientsRef(
                List.of(new TileRunRef(0, 4), new TileRunRef(4, 6)), List.of(new SliceRef(0, 3), new SliceRef(3, 4)));
    }

    @Test
    void eachRunGoesThroughTheBlocksFromTheLastToTheFirst() throws IOException {
        assertThat(run()).returns(JobState.COMPLETED, Outcome::state);

        assertThat(device.took.stream().filter(step -> step.startsWith("gradient 0.")))
                .containsExactly("gradient 0.3", "gradient 0.2", "gradient 0.1", "gradient 0.0");
        assertThat(device.took.stream().filter(step -> step.startsWith("gradient 4.")))
                .containsExactly("gradient 4.3", "gradient 4.2", "gradient 4.1", "gradient 4.0");
        assertThat(control.stages())
                .containsExactly(
                        Stage.INSPECT,
                        Stage.PLAN,
                        Stage.GRADIENT,
                        Stage.COMPRESS,
                        Stage.ASSEMBLE,
                        Stage.VERIFY,
                        Stage.EVALUATE,
                        Stage.PUBLISH);
        harness.record(JOB, "gradients");
    }

    @Test
    void aLackOfMemoryIsAnsweredWithFewerTiles() {
        device.stepTrouble.add(() -> {
            throw Failures.toTemporal(new OutOfMemoryError("sums"), 1);
        });

        assertThat(run()).returns(JobState.COMPLETED, Outcome::state);

        assertThat(device.took).filteredOn(step -> step.startsWith("gradient")).hasSize(8);
        assertThat(device.tilesInFlight).contains(4, 2);
    }

    /** What a compression finds missing was there when its gradients were computed: they are computed again. */
    @Test
    void damagedSumsAreMadeAgain() {
        for (int attempt = 0; attempt < Failures.INTERNAL_ATTEMPTS; attempt++) {
            device.trouble.add(() -> {
                throw Failures.damaged("sketch-00001-abc", new IllegalStateException("missing"));
            });
        }

        assertThat(run()).returns(JobState.COMPLETED, Outcome::state);

        assertThat(device.took).filteredOn(step -> step.startsWith("gradient")).hasSize(16);
        assertThat(control.calls).contains("repair sketch-00001-abc");
    }

    private Outcome run() {
        return harness.workflow(JOB).run(JOB);
    }
}
