-- What the plan of a job predicts: a JSON object of seconds by lower-case stage. Null before the plan.
ALTER TABLE job ADD COLUMN planned_seconds text;
