-- A search asks each resource in turn, the smallest first, whether a unit of it is free: only the resource knows how many units
-- it has, and how long it wants to be left alone behind a reservation.
ALTER TABLE availability_profiles
    ADD COLUMN units bigint NOT NULL
        GENERATED ALWAYS AS (greatest(coalesce((rules #>> '{customRules,maxConcurrentBookings}')::bigint, 1), 1)) STORED,
    ADD COLUMN buffer_minutes integer NOT NULL
        GENERATED ALWAYS AS (least(coalesce((rules #>> '{customRules,bufferMinutes}')::bigint, 0), 1440)::integer) STORED;
-- Nobody looks among all resources' holds any more.
DROP INDEX occupancy_long;
DROP INDEX occupancy_start;
-- With the end in its index a search need not look at the rows themselves, which lie all over the table.
ALTER TABLE occupancy
    DROP CONSTRAINT occupancy_pkey,
    ADD CONSTRAINT occupancy_pkey PRIMARY KEY (resource_id, starts_at, unit) INCLUDE (ends_at);
