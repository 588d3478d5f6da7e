-- One row a reservation that was ever made, as far as reports are concerned: a projection of reservation events.
CREATE TABLE report_reservations (
    reservation_id uuid PRIMARY KEY,
    resource_id uuid NOT NULL,
    user_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    cancelled boolean NOT NULL,
    late boolean NOT NULL,
    version bigint NOT NULL
);
CREATE INDEX report_reservations_time ON report_reservations (starts_at, resource_id);

-- Conflicts that were detected: a projection of schedule.conflict.detected.
CREATE TABLE report_conflicts (
    conflict_id uuid PRIMARY KEY,
    resource_id uuid NOT NULL,
    detected_at timestamptz NOT NULL,
    reservations integer NOT NULL
);
CREATE INDEX report_conflicts_time ON report_conflicts (detected_at);
