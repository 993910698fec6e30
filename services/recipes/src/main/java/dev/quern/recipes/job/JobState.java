package dev.quern.recipes.job;

import dev.quern.recipes.codec.ByName;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** Where a job stands. The legal edges are {@link #next()}; a change of state outside them is a defect. */
@ByName
public enum JobState {
    /** Accepted, not yet started. */
    QUEUED,
    RUNNING,
    PAUSED,
    /** Told to stop; the worker has not answered yet. */
    CANCELLING,
    /** The result is published. */
    COMPLETED,
    /** The result exists and failed its gate. */
    QUARANTINED,
    /** The input is unsafe, damaged or not supported. */
    REJECTED,
    FAILED,
    CANCELLED;

    private static final Set<JobState> WITHOUT_RESULT = EnumSet.of(REJECTED, FAILED, CANCELLED);
    private static final Set<JobState> TERMINAL = EnumSet.range(COMPLETED, CANCELLED);

    /** The states that may follow this one. */
    public Set<JobState> next() {
        return switch (this) {
            // Paused before it was started.
            case QUEUED -> EnumSet.of(RUNNING, PAUSED, REJECTED, FAILED, CANCELLED);
            case RUNNING -> EnumSet.of(PAUSED, CANCELLING, COMPLETED, QUARANTINED, REJECTED, FAILED);
            // Resumed: queued, as a new generation.
            case PAUSED -> EnumSet.of(QUEUED, RUNNING, CANCELLING, FAILED);
            // A publish that was under way when the cancel came stands: its manifest is written.
            case CANCELLING -> EnumSet.of(CANCELLED, COMPLETED, QUARANTINED, FAILED);
            // Approved by a person.
            case QUARANTINED -> EnumSet.of(COMPLETED);
            // Retried by a person.
            case FAILED -> EnumSet.of(QUEUED);
            case COMPLETED, REJECTED, CANCELLED -> EnumSet.noneOf(JobState.class);
        };
    }

    public boolean canBecome(JobState next) {
        return next().contains(next);
    }

    /** Nothing runs any more; only a person can move the job on. */
    public boolean terminal() {
        return TERMINAL.contains(this);
    }

    /** Ended with nothing to show: the output prefix is free again. */
    public boolean withoutResult() {
        return WITHOUT_RESULT.contains(this);
    }

    /** In lower case, as people read it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
