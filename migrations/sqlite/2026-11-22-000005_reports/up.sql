-- One row a reservation that was ever made, as far as reports are concerned: a projection of reservation events.
CREATE TABLE report_reservations (
    reservation_id blob PRIMARY KEY NOT NULL,
    resource_id blob NOT NULL,
    user_id blob NOT NULL,
    starts_at integer NOT NULL,
    ends_at integer NOT NULL,
    cancelled integer NOT NULL,
    late integer NOT NULL,
    version integer NOT NULL
) STRICT;
CREATE INDEX report_reservations_time ON report_reservations (starts_at, resource_id);

-- Conflicts that were detected: a projection of schedule.conflict.detected.
CREATE TABLE report_conflicts (
    conflict_id blob PRIMARY KEY NOT NULL,
    resource_id blob NOT NULL,
    detected_at integer NOT NULL,
    reservations integer NOT NULL
) STRICT;
CREATE INDEX report_conflicts_time ON report_conflicts (detected_at);
