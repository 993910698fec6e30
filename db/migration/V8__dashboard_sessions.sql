-- A one-time link opens a dashboard session; of both only the SHA-256 is kept.
CREATE TABLE login_link (
    sha256     text PRIMARY KEY,
    tenant     text NOT NULL,
    principal  text NOT NULL,
    scopes     text[] NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE TABLE dashboard_session (
    sha256     text PRIMARY KEY,
    tenant     text NOT NULL,
    principal  text NOT NULL,
    scopes     text[] NOT NULL,
    expires_at timestamptz NOT NULL
);
