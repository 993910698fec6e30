-- The board of a job: one cell per linear of every block, laid out when the plan is known, filled as heartbeats arrive.
CREATE TABLE job_linear (
    job_id                 uuid NOT NULL REFERENCES job (id),
    block                  integer NOT NULL CHECK (block >= 0),
    linear                 text NOT NULL,
    -- The column of the board.
    position               integer NOT NULL,
    state                  text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'RUNNING', 'DONE')),
    rows                   integer,
    cols                   integer,
    relative_error         double precision,
    relative_error_nearest double precision,
    damping                double precision,
    retries                integer NOT NULL DEFAULT 0,
    fallback               text,
    dead_columns           integer NOT NULL DEFAULT 0,
    seconds                double precision,
    done_at                timestamptz,
    PRIMARY KEY (job_id, block, linear)
);
