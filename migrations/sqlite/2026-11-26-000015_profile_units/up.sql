-- Only the resource knows how many units it has, and how long it wants to be left alone behind a reservation: a search asks each
-- of them in turn, the smallest first. These are `Profile::units` and `Profile::buffer`.
ALTER TABLE availability_profiles ADD COLUMN units integer
    GENERATED ALWAYS AS (max(coalesce(json_extract(rules, '$.customRules.maxConcurrentBookings'), 1), 1)) VIRTUAL;
ALTER TABLE availability_profiles ADD COLUMN buffer_minutes integer
    GENERATED ALWAYS AS (min(coalesce(json_extract(rules, '$.customRules.bufferMinutes'), 0), 1440)) VIRTUAL;
-- Two may have one code until the deletion of one of them has arrived; parts of a search must agree on their order.
DROP INDEX availability_profiles_size;
CREATE INDEX availability_profiles_size ON availability_profiles (capacity, code, resource_id) WHERE NOT deleted;
