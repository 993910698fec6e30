package dev.quern.contract;

import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

/** One generation of one job, from inspection to its end. */
@WorkflowInterface
public interface CompressionWorkflow {
    /** Ends in an outcome whatever happens to the job; fails only by a defect of the workflow itself. */
    @WorkflowMethod(name = "compression")
    Outcome run(JobRef job);

    /** The owner's wish, written to the row before. */
    @SignalMethod
    void cancel();

    /**
     * The owner's wish, written to the row before; a cancel outranks it. The workflow ends, and the next generation
     * continues the job.
     */
    @SignalMethod
    void pause();

    /**
     * The job has had its time; a cancel outranks it. What was made stays for a retry.
     *
     * @param code a slug of {@code ErrorCode}
     * @param message for the owner
     */
    @SignalMethod
    void giveUp(String code, String message);
}
