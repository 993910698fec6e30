package dev.quern.recipes.job;

import dev.quern.recipes.codec.ByName;

/** What the owner of a job wants; written to the row before any signal, so no wish is lost. */
@ByName
public enum Desired {
    RUN,
    PAUSE,
    CANCEL
}
