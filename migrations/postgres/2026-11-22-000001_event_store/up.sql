-- The event store: every state change as an event, in the transaction that made it.
CREATE TABLE events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    service text NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    data json NOT NULL,
    metadata json NOT NULL,
    -- Lets a reader stop before the first transaction that is still open: positions are given out before commits.
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT events_event_id_key UNIQUE (event_id),
    CONSTRAINT events_aggregate_id_version_key UNIQUE (aggregate_id, version),
    CONSTRAINT events_version_positive CHECK (version > 0)
);
CREATE INDEX events_type_position ON events (event_type, position);

-- Events that the transport has not confirmed yet.
CREATE TABLE outbox (
    position bigint PRIMARY KEY REFERENCES events (position),
    aggregate_id uuid NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    last_error text
);
CREATE INDEX outbox_aggregate ON outbox (aggregate_id, position);

-- Which consumer has handled which event: handling twice changes state once.
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    handled_at timestamptz NOT NULL,
    CONSTRAINT inbox_pkey PRIMARY KEY (consumer, event_id)
);
