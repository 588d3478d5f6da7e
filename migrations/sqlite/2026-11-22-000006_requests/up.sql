-- Answers to requests that carried an Idempotency-Key, so that a repeated request is answered and not repeated.
CREATE TABLE idempotent_requests (
    caller_id blob NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    started_at integer NOT NULL,
    status integer,
    headers text,
    body text,
    CONSTRAINT idempotent_requests_pkey PRIMARY KEY (caller_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotent_requests_started ON idempotent_requests (started_at);

-- Imports and what became of each.
CREATE TABLE imports (
    id blob PRIMARY KEY NOT NULL,
    kind text NOT NULL,
    started_by blob NOT NULL,
    started_at integer NOT NULL,
    finished_at integer,
    report text NOT NULL
) STRICT;
