-- What a consumer could not handle: tried again as its policy says, then kept until an operator decides.
CREATE TABLE dead_letters (
    sequence integer PRIMARY KEY AUTOINCREMENT,
    id blob NOT NULL,
    consumer text NOT NULL,
    event_id blob,
    event_type text,
    aggregate_id blob,
    version integer,
    -- Whether later events of the aggregate wait for this one at the same consumer.
    ordered integer NOT NULL,
    bytes blob NOT NULL,
    edited blob,
    reason text NOT NULL,
    error text NOT NULL,
    attempts text NOT NULL,
    failures integer NOT NULL,
    state text NOT NULL,
    due_at integer,
    claimed_until integer,
    by_operator integer NOT NULL DEFAULT 0,
    bulk_id blob,
    fingerprint text NOT NULL,
    resolution text,
    parked_at integer NOT NULL,
    updated_at integer NOT NULL,
    CONSTRAINT dead_letters_id_key UNIQUE (id),
    CONSTRAINT dead_letters_state CHECK (state IN ('pending', 'retrying', 'failed', 'resolved'))
) STRICT;
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
    id blob PRIMARY KEY NOT NULL,
    dead_letter_id blob,
    bulk_id blob,
    operation text NOT NULL,
    actor blob,
    reason text,
    detail text,
    at integer NOT NULL
) STRICT;
CREATE INDEX dead_letter_operations_letter ON dead_letter_operations (dead_letter_id, at);

-- Retries of many dead letters, at a limited rate, after one of them has gone well.
CREATE TABLE bulk_retries (
    id blob PRIMARY KEY NOT NULL,
    filter text NOT NULL,
    per_second integer NOT NULL,
    state text NOT NULL,
    matched integer NOT NULL,
    retried integer NOT NULL,
    resolved integer NOT NULL,
    failed_again integer NOT NULL,
    canary_id blob,
    detail text,
    started_by blob,
    created_at integer NOT NULL,
    updated_at integer NOT NULL,
    -- Up to when the rate's allowance has been used.
    advanced_at integer NOT NULL,
    CONSTRAINT bulk_retries_state CHECK (state IN ('canary', 'running', 'done', 'stopped'))
) STRICT;
CREATE INDEX bulk_retries_active ON bulk_retries (created_at) WHERE state IN ('canary', 'running');
