package dev.quern.control.workflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.api.common.v1.ActivityType;
import io.temporal.api.enums.v1.PendingActivityState;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import org.junit.jupiter.api.Test;

class PendingWorkTest {
    private static final PendingActivityState SCHEDULED = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;
    private static final PendingActivityState STARTED = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;

    @Test
    void countsThePiecesOfWorkersAlone() {
        PendingWork pending = PendingWork.of(workflow(
                activity("compress", STARTED),
                activity("compress", SCHEDULED),
                activity("evaluate", SCHEDULED),
                activity("publish", SCHEDULED)));

        assertThat(pending).isEqualTo(new PendingWork(1, 2, false));
        assertThat(pending.waiting()).isTrue();
        assertThat(pending.standing()).as("a worker is at work").isFalse();
    }

    @Test
    void aCallThatIsNotAnsweredWaitsAsWell() {
        PendingWork pending = PendingWork.of(workflow(activity("announce", SCHEDULED)));

        assertThat(pending).isEqualTo(new PendingWork(0, 0, true));
        assertThat(pending.standing()).isTrue();
    }

    @Test
    void workOfTheControlProcessWaitsForNoWorker() {
        PendingWork pending = PendingWork.of(workflow(activity("assemble", SCHEDULED), activity("announce", STARTED)));

        assertThat(pending).isEqualTo(new PendingWork(0, 0, false));
        assertThat(pending.waiting()).isFalse();
    }

    private static DescribeWorkflowExecutionResponse workflow(PendingActivityInfo... activities) {
        DescribeWorkflowExecutionResponse.Builder workflow = DescribeWorkflowExecutionResponse.newBuilder();
        for (PendingActivityInfo activity : activities) {
            workflow.addPendingActivities(activity);
        }
        return workflow.build();
    }

    private static PendingActivityInfo activity(String type, PendingActivityState state) {
        return PendingActivityInfo.newBuilder()
                .setActivityType(ActivityType.newBuilder().setName(type))
                .setState(state)
                .build();
    }
}
