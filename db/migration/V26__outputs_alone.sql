-- The results of a job are in job_output alone. What the job's own row says of its first one, and job_output does not, goes there.
INSERT INTO job_output (job_id, position, recipe_name, recipe, prefix, uri)
SELECT id, 0, recipe_name, recipe, prefix, output_uri FROM job
    ON CONFLICT (job_id, position) DO NOTHING;

UPDATE job_output o
   SET location = job.output, digest = coalesce(o.digest, job.output_digest),
       accepted = coalesce(o.accepted, job.state = 'COMPLETED')
  FROM job
 WHERE job.id = o.job_id AND o.position = 0 AND o.location IS NULL AND job.output IS NOT NULL;

ALTER TABLE job
    DROP COLUMN recipe_name,
    DROP COLUMN recipe,
    DROP COLUMN prefix,
    DROP COLUMN output_uri,
    DROP COLUMN output,
    DROP COLUMN output_digest;
