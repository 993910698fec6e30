package dev.quern.contract.presence;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** The list of workers, in the control process. */
@ActivityInterface
public interface RegisterActivities {
    /** Adds a worker to the list. */
    @ActivityMethod(name = "register")
    void register(Device device, String workerClass);
}
