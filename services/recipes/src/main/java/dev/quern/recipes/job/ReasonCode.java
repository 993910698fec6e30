package dev.quern.recipes.job;

import dev.quern.recipes.codec.ByName;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** Why a job that is not over stands still. */
@ByName
public enum ReasonCode {
    /** No worker of the class that it asks for is there. */
    WAITING_FOR_WORKER,
    /** The installation starts its workers itself, and none of them comes up. */
    WORKER_FAILED,
    /** Workers are there, but none of the numeric profile of the blocks that are done. */
    WAITING_FOR_PROFILE,
    /** The workers are there and do other work. */
    QUEUED_BEHIND,
    /** After an error; no person has to do anything. */
    RETRYING,
    /** Its workflow was lost; the next generation continues it. */
    RECOVERING,
    /** The workers are stopping, because the owner wants a pause. */
    PAUSING,
    /** The workers are stopping, because the job has had its time. */
    STOPPING;

    private static final Set<ReasonCode> OF_WAITING =
            EnumSet.of(WAITING_FOR_WORKER, WORKER_FAILED, WAITING_FOR_PROFILE, QUEUED_BEHIND);

    /** The job has work that no worker has taken. */
    public boolean waits() {
        return OF_WAITING.contains(this);
    }

    /** The job has such work, and nothing is wrong: workers have to come or to finish. */
    public boolean calm() {
        return waits() && this != WORKER_FAILED;
    }

    /** In lower case and without underscores, as people read it. */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
