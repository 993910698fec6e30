-- One row per job. The row is the truth about a job; workflows, signals and heartbeats follow it.
CREATE TABLE job (
    id               uuid PRIMARY KEY,
    tenant           text NOT NULL,
    principal        text NOT NULL,
    name             text,
    source           text NOT NULL,
    recipe_name      text NOT NULL,
    -- The output's name under the tenant's outputs.
    prefix           text NOT NULL,
    -- The request as it was accepted and the recipe in full, both JSON: read by our codec only.
    request          text NOT NULL,
    recipe           text NOT NULL,
    labels           jsonb NOT NULL DEFAULT '{}',
    -- Keeps an embedded stack alive after the command that submitted the job has gone.
    detach           boolean NOT NULL DEFAULT false,

    state            text NOT NULL DEFAULT 'QUEUED' CHECK (state IN (
        'QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING',
        'COMPLETED', 'QUARANTINED', 'REJECTED', 'FAILED', 'CANCELLED')),
    stage            text CHECK (stage IN (
        'INSPECT', 'PLAN', 'TRACE', 'COMPRESS', 'ASSEMBLE', 'VERIFY', 'EVALUATE', 'PUBLISH')),
    desired          text NOT NULL DEFAULT 'RUN' CHECK (desired IN ('RUN', 'PAUSE', 'CANCEL')),
    reason_code      text,
    reason_since     timestamptz,
    reason_remedy    text,
    failure_code     text,
    failure_message  text,

    -- The workflow is <id>-g<generation>; a write of (generation, seq) that is not newer changes nothing.
    generation       integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
    seq              bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
    started          boolean NOT NULL DEFAULT false,
    -- Generations in a row in which compute started and no block was added.
    compute_started  boolean NOT NULL DEFAULT false,
    blocks_before    integer NOT NULL DEFAULT 0,
    idle_generations integer NOT NULL DEFAULT 0,

    -- What the owner of a job watches; no decision rests on it.
    blocks           integer NOT NULL DEFAULT 0,
    block            integer NOT NULL DEFAULT -1,
    linears          integer NOT NULL DEFAULT 0,
    reused_blocks    integer NOT NULL DEFAULT 0,
    percent          double precision NOT NULL DEFAULT 0,
    eta_seconds      double precision,

    output           text,
    output_digest    text,
    -- Who accepted a quarantined result.
    approved_by      text,

    -- Ids of events are counted here, under the lock of this row, so that they have no gaps.
    last_event       bigint NOT NULL DEFAULT 0,

    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    finished_at      timestamptz
);

CREATE INDEX job_page ON job (tenant, created_at DESC, id DESC);
CREATE INDEX job_labels ON job USING gin (labels jsonb_path_ops);
CREATE INDEX job_unfinished ON job (created_at) WHERE state IN ('QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING');
