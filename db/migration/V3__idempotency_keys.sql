-- The answer to a repeated submission: the same key with the same body is the same job.
CREATE TABLE idempotency_key (
    tenant     text NOT NULL,
    key        text NOT NULL,
    -- SHA-256 of the body, hex.
    body_hash  text NOT NULL,
    -- Deferred: the key is taken before its job is inserted, so that of two equal requests one waits for the other.
    job_id     uuid NOT NULL REFERENCES job (id) DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, key)
);
