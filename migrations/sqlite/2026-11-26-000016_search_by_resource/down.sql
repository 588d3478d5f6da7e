CREATE INDEX occupancy_start ON occupancy (starts_at, ends_at, resource_id, unit);
CREATE INDEX occupancy_long ON occupancy (starts_at, ends_at, resource_id, unit)
    WHERE ends_at - starts_at > 10800000000;
