-- The event store: every state change as an event, in the transaction that made it.
CREATE TABLE events (
    position integer PRIMARY KEY AUTOINCREMENT,
    event_id blob NOT NULL,
    event_type text NOT NULL,
    service text NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id blob NOT NULL,
    version integer NOT NULL,
    recorded_at integer NOT NULL,
    data text NOT NULL,
    metadata text NOT NULL,
    CONSTRAINT events_event_id_key UNIQUE (event_id),
    CONSTRAINT events_aggregate_id_version_key UNIQUE (aggregate_id, version),
    CONSTRAINT events_version_positive CHECK (version > 0)
) STRICT;
CREATE INDEX events_type_position ON events (event_type, position);

-- Events that the transport has not confirmed yet.
CREATE TABLE outbox (
    position integer PRIMARY KEY REFERENCES events (position),
    aggregate_id blob NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due_at integer NOT NULL,
    claimed_until integer,
    last_error text
) STRICT;
CREATE INDEX outbox_aggregate ON outbox (aggregate_id, position);

-- Which consumer has handled which event: handling twice changes state once.
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id blob NOT NULL,
    handled_at integer NOT NULL,
    CONSTRAINT inbox_pkey PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;
