-- Set with a job's end, cleared when what only a running job needs has been deleted: a death between the two is made up for.
ALTER TABLE job ADD COLUMN cleanup_due boolean NOT NULL DEFAULT false;

CREATE INDEX job_cleanup_due ON job (finished_at) WHERE cleanup_due;
