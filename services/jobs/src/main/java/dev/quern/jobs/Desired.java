package dev.quern.jobs;

/** What the owner of a job wants; written to the row before any signal, so no wish is lost. */
public enum Desired {
    RUN,
    PAUSE,
    CANCEL
}
