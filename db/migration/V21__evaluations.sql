-- A job may evaluate a finished result instead of making one: then it has a result, and no recipe.
ALTER TABLE job ADD COLUMN result text;
ALTER TABLE job ALTER COLUMN recipe DROP NOT NULL;
ALTER TABLE job_output ALTER COLUMN recipe DROP NOT NULL;
