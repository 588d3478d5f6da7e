ALTER TABLE occupancy
    DROP CONSTRAINT occupancy_pkey,
    ADD CONSTRAINT occupancy_pkey PRIMARY KEY (resource_id, starts_at, unit);
CREATE INDEX occupancy_start ON occupancy (starts_at) INCLUDE (ends_at, resource_id, unit);
CREATE INDEX occupancy_long ON occupancy (starts_at) INCLUDE (ends_at, resource_id, unit)
    WHERE ends_at - starts_at > interval '3 hours';
