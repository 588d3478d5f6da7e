-- Everybody wants the same half hour of one resource, then the next: the lock, and an insert that one of them succeeds with.
\set number :number + 1
\set start :first + (:number / :insisting) * 1800
\set end :start + 1800
BEGIN;
SELECT pg_advisory_xact_lock(:lock);
INSERT INTO occupancy (resource_id, unit, starts_at, ends_at, holder_id)
    VALUES (:resource::uuid, 0, to_timestamp(:start), to_timestamp(:end), gen_random_uuid())
    ON CONFLICT DO NOTHING;
COMMIT;
