-- Questions that the api puts to a control process, which can read checkpoints. A row lives as long as its request.
CREATE TABLE estimate (
    id              uuid PRIMARY KEY,
    tenant          text NOT NULL,
    -- JobRequest and the resolved Recipe, both JSON.
    request         text NOT NULL,
    recipe          text NOT NULL,
    taken_at        timestamptz,
    -- An Estimate as JSON, or why there is none.
    answer          text,
    failure_code    text,
    failure_message text,
    created_at      timestamptz NOT NULL DEFAULT now()
);
