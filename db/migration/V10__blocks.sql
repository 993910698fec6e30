-- What the board knows of a whole block: the run of blocks that it belongs to, and who made it.
CREATE TABLE job_block (
    job_id  uuid NOT NULL REFERENCES job (id),
    block   integer NOT NULL CHECK (block >= 0),
    -- From 0.
    segment integer NOT NULL DEFAULT 0 CHECK (segment >= 0),
    -- The worker that has it in work or made it; none for a block that was there before.
    worker  text,
    PRIMARY KEY (job_id, block)
);
