-- The workers that are there. A worker that has not been seen for a minute is gone.
CREATE TABLE worker (
    name         text PRIMARY KEY,
    class        text NOT NULL,
    backend      text NOT NULL,
    profile      text NOT NULL,
    threads      integer NOT NULL,
    memory_bytes bigint NOT NULL,
    since        timestamptz NOT NULL DEFAULT now(),
    last_seen    timestamptz NOT NULL DEFAULT now(),
    -- What it does now; null while it has nothing to do.
    doing        text,
    job_id       uuid
);
