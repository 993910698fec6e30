package dev.quern.proofs;

/** A process that is killed as kill -9 does it. */
enum Victim {
    WORKER,
    /** API, control process and Temporal in one, where the stack is embedded. */
    MAIN,
    API,
    CONTROL,
    POSTGRES,
    TEMPORAL,
    /** The S3 server. */
    S3
}
