-- An output prefix belongs to one job from the moment the job is accepted; it is free again when the job ends without a result.
CREATE TABLE output_claim (
    tenant     text NOT NULL,
    prefix     text NOT NULL,
    job_id     uuid NOT NULL REFERENCES job (id),
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, prefix)
);

CREATE INDEX output_claim_job ON output_claim (job_id);
