-- Bearer keys. Only their SHA-256 is kept: a key has 256 random bits, so a slow hash would add nothing.
CREATE TABLE api_key (
    id         uuid PRIMARY KEY,
    sha256     text NOT NULL UNIQUE,
    tenant     text NOT NULL,
    principal  text NOT NULL,
    scopes     text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'submit', 'admin']),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
