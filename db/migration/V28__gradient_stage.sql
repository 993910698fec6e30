-- Jobs whose recipes need the gradients of the original model compute them in a stage of their own.
ALTER TABLE job
    DROP CONSTRAINT job_stage_check,
    ADD CONSTRAINT job_stage_check CHECK (stage IN (
        'INSPECT', 'PLAN', 'TRACE', 'GRADIENT', 'COMPRESS', 'ASSEMBLE', 'VERIFY', 'EVALUATE', 'PUBLISH'));
