package dev.quern.proofs;

/** A process that is killed as kill -9 does it. */
enum Victim {
    WORKER,
    /** API, control process and Temporal in one. */
    MAIN,
    POSTGRES
}
