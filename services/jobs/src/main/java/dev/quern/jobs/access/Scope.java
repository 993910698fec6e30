package dev.quern.jobs.access;

/** What a key may do; each scope includes those before it. */
public enum Scope {
    READ,
    SUBMIT,
    /** Names local paths and manages keys. */
    ADMIN
}
