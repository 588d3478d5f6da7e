-- What Bookly sends for one booking, in its order. What differs: identifiers and times are made of numbers, so that no two
-- bookings collide, and BEGIN and the lock are two messages.
\set number :number + 1
\set booking :number * :clients + :client_id
\set resource :booking % :resources
\set start :first + (:booking / :resources) * 1800
\set end :start + 1800
\set before :start - 86400
\set id :base + :booking
BEGIN;
SELECT pg_advisory_xact_lock(:resource);
SELECT "availability_profiles"."resource_id", "availability_profiles"."version", "availability_profiles"."code",
    "availability_profiles"."name", "availability_profiles"."type", "availability_profiles"."capacity",
    "availability_profiles"."category_id", "availability_profiles"."building", "availability_profiles"."features",
    "availability_profiles"."status", "availability_profiles"."rules", "availability_profiles"."opening",
    "availability_profiles"."deleted" FROM "availability_profiles"
    WHERE ("availability_profiles"."resource_id" = lpad(:resource, 32, '0')::uuid);
SELECT "occupancy"."resource_id", "occupancy"."unit", "occupancy"."starts_at", "occupancy"."ends_at",
    "occupancy"."holder_id" FROM "occupancy"
    WHERE (((("occupancy"."resource_id" = lpad(:resource, 32, '0')::uuid)
        AND ("occupancy"."starts_at" < to_timestamp(:end))) AND ("occupancy"."starts_at" > to_timestamp(:before)))
        AND ("occupancy"."ends_at" > to_timestamp(:start))) ORDER BY "occupancy"."starts_at", "occupancy"."unit";
INSERT INTO "occupancy" ("resource_id", "unit", "starts_at", "ends_at", "holder_id")
    VALUES (lpad(:resource, 32, '0')::uuid, 0, to_timestamp(:start), to_timestamp(:end), lpad(:id, 32, '0')::uuid);
INSERT INTO "reservations" ("id", "resource_id", "user_id", "starts_at", "ends_at", "purpose", "status", "series_id",
    "program_id", "participants", "created_by", "cancelled_late", "cancel_reason", "version", "created_at", "updated_at")
    VALUES (lpad(:id, 32, '0')::uuid, lpad(:resource, 32, '0')::uuid, :user, to_timestamp(:start), to_timestamp(:end),
        'Measuring reservations', 'CONFIRMED', NULL, NULL, '[]', :user, false, NULL, 1, now(), now());
WITH appended AS (INSERT INTO "events" ("event_id", "event_type", "service", "aggregate_type", "aggregate_id", "version", "recorded_at",
    "data", "metadata")
    VALUES (lpad(:id, 32, '0')::uuid, 'reservation.created', 'availability-service', 'Reservation', lpad(:id, 32, '0')::uuid, 1,
        now(), :data, :metadata) RETURNING "position", "aggregate_id", "recorded_at")
    INSERT INTO "outbox" ("position", "aggregate_id", "due_at") SELECT "position", "aggregate_id", "recorded_at" FROM appended;
COMMIT;
