-- Set when the control process ends in order: what it leaves running is no failure of the job, so the generation does not count as idle.
ALTER TABLE job ADD COLUMN left_in_order boolean NOT NULL DEFAULT false;
