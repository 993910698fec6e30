-- Who accepted a result that its gate refused is known already; now also when, and why.
ALTER TABLE job ADD COLUMN approved_at timestamptz;
ALTER TABLE job ADD COLUMN approval_reason text;

-- Until now the end of such a job was the moment of its approval.
UPDATE job SET approved_at = coalesce(finished_at, updated_at) WHERE approved_by IS NOT NULL;
