-- What availability knows of a resource: a projection of the resources service's events.
CREATE TABLE availability_profiles (
    resource_id blob PRIMARY KEY NOT NULL,
    version integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    capacity integer,
    category_id blob,
    building text,
    features text NOT NULL,
    status text NOT NULL,
    rules text NOT NULL,
    opening text NOT NULL,
    deleted integer NOT NULL
) STRICT;

CREATE TABLE reservation_series (
    id blob PRIMARY KEY NOT NULL,
    resource_id blob NOT NULL,
    user_id blob NOT NULL,
    rrule text NOT NULL,
    time_zone text NOT NULL,
    purpose text,
    created_at integer NOT NULL
) STRICT;

CREATE TABLE reservations (
    id blob PRIMARY KEY NOT NULL,
    resource_id blob NOT NULL,
    user_id blob NOT NULL,
    starts_at integer NOT NULL,
    ends_at integer NOT NULL,
    purpose text,
    status text NOT NULL,
    series_id blob,
    program_id blob,
    participants text NOT NULL,
    created_by blob NOT NULL,
    cancelled_late integer NOT NULL,
    cancel_reason text,
    version integer NOT NULL,
    created_at integer NOT NULL,
    updated_at integer NOT NULL,
    CONSTRAINT reservations_order CHECK (starts_at < ends_at)
) STRICT;
CREATE INDEX reservations_resource ON reservations (resource_id, starts_at);
CREATE INDEX reservations_user ON reservations (user_id, starts_at);
CREATE INDEX reservations_series ON reservations (series_id) WHERE series_id IS NOT NULL;

-- Who holds which resource when: the one table behind every writer. A resource that takes several reservations at
-- once has that many units. Times are those that are really blocked, buffers included, half open, and cut into pieces
-- of at most a day, so that whoever looks for what overlaps a moment need only look a day back.
CREATE TABLE occupancy (
    resource_id blob NOT NULL,
    unit integer NOT NULL,
    starts_at integer NOT NULL,
    ends_at integer NOT NULL,
    holder_id blob NOT NULL,
    CONSTRAINT occupancy_pkey PRIMARY KEY (resource_id, starts_at, unit),
    CONSTRAINT occupancy_order CHECK (starts_at < ends_at),
    CONSTRAINT occupancy_at_most_a_day CHECK (ends_at <= starts_at + 86400000000)
) STRICT, WITHOUT ROWID;
CREATE INDEX occupancy_start ON occupancy (starts_at, ends_at, resource_id, unit);
CREATE INDEX occupancy_holder ON occupancy (holder_id);

CREATE TRIGGER occupancy_no_overlap_insert BEFORE INSERT ON occupancy
WHEN EXISTS (
    SELECT 1 FROM occupancy
    WHERE resource_id = NEW.resource_id AND unit = NEW.unit
      AND starts_at < NEW.ends_at AND starts_at > NEW.starts_at - 86400000000 AND ends_at > NEW.starts_at
)
BEGIN
    SELECT RAISE(ABORT, 'constraint: occupancy_no_overlap');
END;

-- Rows are only ever inserted and deleted; a changed one would pass by the proof above.
CREATE TRIGGER occupancy_no_update BEFORE UPDATE ON occupancy
BEGIN
    SELECT RAISE(ABORT, 'constraint: occupancy_no_update');
END;
