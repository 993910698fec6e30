-- When the work of a job began for the first time; null while it has not.
ALTER TABLE job ADD COLUMN started_at timestamptz;
UPDATE job SET started_at = (SELECT min(at) FROM job_event
                              WHERE job_id = job.id AND type = 'state' AND data::json ->> 'state' = 'RUNNING');
