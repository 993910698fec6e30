-- A job that its owner deleted: hidden at once; its files and rows go with a later round of the control process.
ALTER TABLE job ADD COLUMN deleted_at timestamptz;

CREATE INDEX job_deleted ON job (deleted_at) WHERE deleted_at IS NOT NULL;
