-- Only the resource knows how many units it has, and how long it wants to be left alone behind a reservation: a search asks each
-- of them in turn, the smallest first. These are `Profile::units` and `Profile::buffer`.
ALTER TABLE availability_profiles
    ADD COLUMN units bigint NOT NULL
        GENERATED ALWAYS AS (greatest(coalesce((rules #>> '{customRules,maxConcurrentBookings}')::bigint, 1), 1)) STORED,
    ADD COLUMN buffer_minutes integer NOT NULL
        GENERATED ALWAYS AS (least(coalesce((rules #>> '{customRules,bufferMinutes}')::bigint, 0), 1440)::integer) STORED;
-- Two may have one code until the deletion of one of them has arrived; parts of a search must agree on their order.
DROP INDEX availability_profiles_size;
CREATE INDEX availability_profiles_size ON availability_profiles (capacity NULLS FIRST, code, resource_id) WHERE NOT deleted;
