CREATE EXTENSION IF NOT EXISTS btree_gist;

-- What availability knows of a resource: a projection of the resources service's events.
CREATE TABLE availability_profiles (
    resource_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    capacity integer,
    category_id uuid,
    building text,
    features json NOT NULL,
    status text NOT NULL,
    rules json NOT NULL,
    opening json NOT NULL,
    deleted boolean NOT NULL
);

CREATE TABLE reservation_series (
    id uuid PRIMARY KEY,
    resource_id uuid NOT NULL,
    user_id uuid NOT NULL,
    rrule text NOT NULL,
    time_zone text NOT NULL,
    purpose text,
    created_at timestamptz NOT NULL
);

CREATE TABLE reservations (
    id uuid PRIMARY KEY,
    resource_id uuid NOT NULL,
    user_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    purpose text,
    status text NOT NULL,
    series_id uuid,
    program_id uuid,
    participants json NOT NULL,
    created_by uuid NOT NULL,
    cancelled_late boolean NOT NULL,
    cancel_reason text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT reservations_order CHECK (starts_at < ends_at)
);
CREATE INDEX reservations_resource ON reservations (resource_id, starts_at);
CREATE INDEX reservations_user ON reservations (user_id, starts_at);
CREATE INDEX reservations_series ON reservations (series_id) WHERE series_id IS NOT NULL;

-- Who holds which resource when: the one table behind every writer. A resource that takes several reservations at
-- once has that many units. Times are those that are really blocked, buffers included, half open, and cut into pieces
-- of at most a day, so that whoever looks for what overlaps a moment need only look a day back.
CREATE TABLE occupancy (
    resource_id uuid NOT NULL,
    unit integer NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    holder_id uuid NOT NULL,
    CONSTRAINT occupancy_pkey PRIMARY KEY (resource_id, starts_at, unit),
    CONSTRAINT occupancy_order CHECK (starts_at < ends_at),
    CONSTRAINT occupancy_at_most_a_day CHECK (ends_at <= starts_at + interval '24 hours'),
    CONSTRAINT occupancy_no_overlap EXCLUDE USING gist (
        resource_id WITH =,
        unit WITH =,
        tstzrange(starts_at, ends_at, '[)') WITH &&
    )
);
CREATE INDEX occupancy_start ON occupancy (starts_at) INCLUDE (ends_at, resource_id, unit);
CREATE INDEX occupancy_holder ON occupancy (holder_id);
