package dev.quern.control.workflow;

import io.temporal.api.enums.v1.PendingActivityState;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import java.util.List;
import java.util.Set;

/**
 * What a running workflow asks of workers at a moment.
 *
 * @param started pieces of work that workers are doing
 * @param unstarted pieces of work that no worker has taken
 * @param calls whether no worker has answered yet who it is, which comes before the work
 */
public record PendingWork(int started, int unstarted, boolean calls) {
    /** The activities of workers that take a device. */
    private static final Set<String> WORK = Set.of("trace", "gradient", "compress", "statistics", "solve", "evaluate");

    private static final String CALL = "announce";

    public static PendingWork of(DescribeWorkflowExecutionResponse workflow) {
        List<PendingActivityInfo> activities = workflow.getPendingActivitiesList();
        int work = (int) activities.stream().filter(PendingWork::isWork).count();
        int unstarted = (int) activities.stream()
                .filter(PendingWork::isWork)
                .filter(PendingWork::unstarted)
                .count();
        boolean calls = activities.stream().anyMatch(activity -> type(activity).equals(CALL) && unstarted(activity));
        return new PendingWork(work - unstarted, unstarted, calls);
    }

    /** Whether an activity takes a worker's device. */
    public static boolean isWork(PendingActivityInfo activity) {
        return WORK.contains(type(activity));
    }

    /** Whether a worker is at work for this workflow. */
    public boolean working() {
        return started > 0;
    }

    /** Whether there is work or a call that no worker has taken. */
    public boolean waiting() {
        return unstarted > 0 || calls;
    }

    /** Whether it waits, and no worker does anything else for it. */
    public boolean standing() {
        return waiting() && !working();
    }

    private static boolean unstarted(PendingActivityInfo activity) {
        return activity.getState() == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;
    }

    private static String type(PendingActivityInfo activity) {
        return activity.getActivityType().getName();
    }
}
