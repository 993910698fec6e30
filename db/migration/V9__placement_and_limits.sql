-- Who may take a job, and when it gives up.
ALTER TABLE job
    -- Where the result goes instead of the store's outputs; claimed like a prefix.
    ADD COLUMN output_uri          text,
    ADD COLUMN worker_class        text,
    ADD COLUMN segments            integer CHECK (segments >= 1),
    ADD COLUMN max_pending_seconds integer CHECK (max_pending_seconds >= 1),
    ADD COLUMN max_runtime_seconds integer CHECK (max_runtime_seconds >= 1),
    -- Since when it waits for a worker: accepted, resumed, retried or restarted.
    ADD COLUMN pending_since       timestamptz NOT NULL DEFAULT now(),
    -- Time in RUNNING: of the stretches that are over, and the start of the one that is not.
    ADD COLUMN ran_seconds         double precision NOT NULL DEFAULT 0,
    ADD COLUMN running_since       timestamptz;

UPDATE job SET running_since = updated_at WHERE state IN ('RUNNING', 'CANCELLING');
