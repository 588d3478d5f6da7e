-- Answers to requests that carried an Idempotency-Key, so that a repeated request is answered and not repeated.
CREATE TABLE idempotent_requests (
    caller_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    started_at timestamptz NOT NULL,
    status integer,
    headers json,
    body text,
    CONSTRAINT idempotent_requests_pkey PRIMARY KEY (caller_id, key)
);
CREATE INDEX idempotent_requests_started ON idempotent_requests (started_at);

-- Imports and what became of each.
CREATE TABLE imports (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    started_by uuid NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    report json NOT NULL
);
