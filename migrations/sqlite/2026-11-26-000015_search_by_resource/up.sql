-- A search asks each resource in turn, the smallest first, whether a unit of it is free: only the resource knows how many units
-- it has, and how long it wants to be left alone behind a reservation.
ALTER TABLE availability_profiles ADD COLUMN units integer
    GENERATED ALWAYS AS (max(coalesce(json_extract(rules, '$.customRules.maxConcurrentBookings'), 1), 1)) VIRTUAL;
ALTER TABLE availability_profiles ADD COLUMN buffer_minutes integer
    GENERATED ALWAYS AS (min(coalesce(json_extract(rules, '$.customRules.bufferMinutes'), 0), 1440)) VIRTUAL;
-- Nobody looks among all resources' holds any more.
DROP INDEX occupancy_long;
DROP INDEX occupancy_start;
