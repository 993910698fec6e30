package dev.quern.recipes.job;

import dev.quern.recipes.codec.ByName;

/** Where a linear on a job's board stands. */
@ByName
public enum CellState {
    QUEUED,
    RUNNING,
    DONE
}
