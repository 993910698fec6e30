-- The log of a job; ids count from 1 without gaps.
CREATE TABLE job_event (
    job_id uuid NOT NULL REFERENCES job (id),
    id     bigint NOT NULL CHECK (id >= 1),
    type   text NOT NULL CHECK (type IN ('state', 'stage', 'block', 'linear', 'reason', 'log')),
    at     timestamptz NOT NULL DEFAULT now(),
    -- A JSON object.
    data   text NOT NULL,
    PRIMARY KEY (job_id, id)
);
