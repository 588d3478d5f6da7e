-- What a consumer could not handle: tried again as its policy says, then kept until an operator decides.
CREATE TABLE dead_letters (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL,
    consumer text NOT NULL,
    event_id uuid,
    event_type text,
    aggregate_id uuid,
    version bigint,
    -- Whether later events of the aggregate wait for this one at the same consumer.
    ordered boolean NOT NULL,
    bytes bytea NOT NULL,
    edited bytea,
    reason text NOT NULL,
    error text NOT NULL,
    attempts json NOT NULL,
    failures integer NOT NULL,
    state text NOT NULL,
    due_at timestamptz,
    claimed_until timestamptz,
    by_operator boolean NOT NULL DEFAULT false,
    bulk_id uuid,
    fingerprint text NOT NULL,
    resolution text,
    parked_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT dead_letters_id_key UNIQUE (id),
    CONSTRAINT dead_letters_state CHECK (state IN ('pending', 'retrying', 'failed', 'resolved'))
);
CREATE UNIQUE INDEX dead_letters_consumer_event_id_key ON dead_letters (consumer, event_id)
    WHERE event_id IS NOT NULL AND state <> 'resolved';
CREATE INDEX dead_letters_order ON dead_letters (consumer, aggregate_id, version, sequence)
    WHERE state <> 'resolved' AND ordered;
CREATE INDEX dead_letters_due ON dead_letters (due_at, sequence) WHERE state = 'pending';
CREATE INDEX dead_letters_claimed ON dead_letters (claimed_until) WHERE state = 'retrying';
CREATE INDEX dead_letters_state_sequence ON dead_letters (state, sequence);
CREATE INDEX dead_letters_fingerprint ON dead_letters (fingerprint, sequence);

-- What operators did to dead letters.
CREATE TABLE dead_letter_operations (
    id uuid PRIMARY KEY,
    dead_letter_id uuid,
    bulk_id uuid,
    operation text NOT NULL,
    actor uuid,
    reason text,
    detail json,
    at timestamptz NOT NULL
);
CREATE INDEX dead_letter_operations_letter ON dead_letter_operations (dead_letter_id, at);

-- Retries of many dead letters, at a limited rate, after one of them has gone well.
CREATE TABLE bulk_retries (
    id uuid PRIMARY KEY,
    filter json NOT NULL,
    per_second integer NOT NULL,
    state text NOT NULL,
    matched bigint NOT NULL,
    retried bigint NOT NULL,
    resolved bigint NOT NULL,
    failed_again bigint NOT NULL,
    canary_id uuid,
    detail text,
    started_by uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- Up to when the rate's allowance has been used.
    advanced_at timestamptz NOT NULL,
    CONSTRAINT bulk_retries_state CHECK (state IN ('canary', 'running', 'done', 'stopped'))
);
CREATE INDEX bulk_retries_active ON bulk_retries (created_at) WHERE state IN ('canary', 'running');
