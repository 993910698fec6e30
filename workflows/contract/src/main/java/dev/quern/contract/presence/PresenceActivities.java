package dev.quern.contract.presence;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** A worker's sign of life. */
@ActivityInterface
public interface PresenceActivities {
    /** Ends with the worker. Until then its heartbeats say, as an {@link Occupation}, what the worker does. */
    @ActivityMethod(name = "stay")
    void stay();
}
