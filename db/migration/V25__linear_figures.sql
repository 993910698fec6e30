-- One column for all figures of a linear: a new figure needs no migration.
ALTER TABLE job_linear ADD COLUMN figures jsonb;

UPDATE job_linear
   SET figures = jsonb_strip_nulls(jsonb_build_object(
           'relativeError', relative_error,
           'relativeErrorNearest', coalesce(relative_error_nearest, relative_error),
           'damping', coalesce(damping, 0),
           'retries', retries,
           'fallback', fallback,
           'deadColumns', dead_columns))
 WHERE relative_error IS NOT NULL;

ALTER TABLE job_linear
    DROP COLUMN relative_error,
    DROP COLUMN relative_error_nearest,
    DROP COLUMN damping,
    DROP COLUMN retries,
    DROP COLUMN fallback,
    DROP COLUMN dead_columns;
