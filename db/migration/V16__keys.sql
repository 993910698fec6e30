-- Keys that people make, list and revoke. created_by is null for those that the installation's own file holds.
ALTER TABLE api_key
    ADD COLUMN created_by   text,
    ADD COLUMN expires_at   timestamptz,
    ADD COLUMN last_used_at timestamptz;

-- A session lives no longer than the key that opened it, and may no more than that. Those that are open do not say which key that was.
DELETE FROM dashboard_session;
DELETE FROM login_link;
ALTER TABLE dashboard_session
    DROP COLUMN tenant, DROP COLUMN principal, DROP COLUMN scopes,
    ADD COLUMN key_id uuid NOT NULL REFERENCES api_key (id);
ALTER TABLE login_link
    DROP COLUMN tenant, DROP COLUMN principal, DROP COLUMN scopes,
    ADD COLUMN key_id uuid NOT NULL REFERENCES api_key (id);
