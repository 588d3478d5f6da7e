-- Nobody looks among all resources' holds any more.
DROP INDEX occupancy_long;
DROP INDEX occupancy_start;
-- With the end in its index a search need not look at the rows themselves, which lie all over the table.
ALTER TABLE occupancy
    DROP CONSTRAINT occupancy_pkey,
    ADD CONSTRAINT occupancy_pkey PRIMARY KEY (resource_id, starts_at, unit) INCLUDE (ends_at);
