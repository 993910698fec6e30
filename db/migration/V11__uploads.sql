-- A checkpoint that a client sends, file by file and part by part.
CREATE TABLE upload (
    id           uuid PRIMARY KEY,
    tenant       text NOT NULL,
    principal    text NOT NULL,
    -- SHA-256 of its list of files: the same files again, while it is open, are the same upload.
    content      text NOT NULL,
    state        text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'COMPLETED', 'EXPIRED')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    completed_at timestamptz
);

CREATE UNIQUE INDEX upload_open ON upload (tenant, content) WHERE state = 'OPEN';

CREATE TABLE upload_file (
    upload_id uuid NOT NULL REFERENCES upload (id),
    position  integer NOT NULL,
    name      text NOT NULL,
    size      bigint NOT NULL CHECK (size >= 0),
    sha256    text NOT NULL,
    PRIMARY KEY (upload_id, position),
    UNIQUE (upload_id, name)
);

CREATE INDEX upload_file_sha256 ON upload_file (sha256);

-- What the store has of a file, whichever uploads name it.
CREATE TABLE stored_file (
    tenant      text NOT NULL,
    sha256      text NOT NULL,
    size        bigint NOT NULL CHECK (size >= 0),
    -- The store's id of the parts that are being sent.
    transfer    text,
    -- When we read it and found this SHA-256; before that, it is only what a client says.
    verified_at timestamptz,
    PRIMARY KEY (tenant, sha256)
);
