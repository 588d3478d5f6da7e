-- How often an event was claimed since it was last settled or given back: more than once means that an earlier claimant
-- died with it.
ALTER TABLE outbox ADD COLUMN claims integer NOT NULL DEFAULT 0;

-- How often the handling of a delivered event began without ending: a process that dies of an event leaves its row.
CREATE TABLE executions (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    starts integer NOT NULL,
    started_at timestamptz NOT NULL,
    CONSTRAINT executions_pkey PRIMARY KEY (consumer, event_id)
);
