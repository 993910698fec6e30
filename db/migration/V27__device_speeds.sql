-- Which device a worker computes on, its memory beside that of its process, and what it reaches.
ALTER TABLE worker
    ADD COLUMN device            text NOT NULL DEFAULT 'cpu',
    -- Null where the device computes in the memory of the process.
    ADD COLUMN host_memory_bytes bigint,
    -- Null from a worker that did not measure.
    ADD COLUMN flops_per_second  double precision,
    ADD COLUMN bytes_per_second  double precision;
