package dev.quern.jobs;

/** What a running job is doing. No edges: a restart may go back. */
public enum Stage {
    INSPECT,
    PLAN,
    TRACE,
    COMPRESS,
    ASSEMBLE,
    VERIFY,
    EVALUATE,
    PUBLISH
}
