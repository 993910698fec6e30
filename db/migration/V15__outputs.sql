-- The results of a job, by recipe, in the order of the request. The job's own columns keep those of the first one.
CREATE TABLE job_output (
    job_id      uuid NOT NULL REFERENCES job (id),
    -- From 0.
    position    integer NOT NULL CHECK (position >= 0),
    recipe_name text NOT NULL,
    -- In full, JSON.
    recipe      text NOT NULL,
    prefix      text NOT NULL,
    -- In place of the prefix; none for the store.
    uri         text,
    -- Where it is, its place or the quarantine, from the moment it is complete there.
    location    text,
    digest      text,
    -- By its gate or by a person.
    accepted    boolean,
    PRIMARY KEY (job_id, position)
);

INSERT INTO job_output (job_id, position, recipe_name, recipe, prefix, uri, location, digest, accepted)
SELECT id, 0, recipe_name, recipe, prefix, output_uri, output, output_digest,
       CASE WHEN output IS NOT NULL THEN state = 'COMPLETED' END
  FROM job;

-- A report for each of them.
ALTER TABLE job_report ADD COLUMN position integer NOT NULL DEFAULT 0;
ALTER TABLE job_report DROP CONSTRAINT job_report_pkey;
ALTER TABLE job_report ADD PRIMARY KEY (job_id, position);
