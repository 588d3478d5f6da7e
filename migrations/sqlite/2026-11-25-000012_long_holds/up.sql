-- Most pieces are short: whoever looks among all resources for what overlaps a moment need look back only three hours for
-- those, and finds the few longer ones here.
CREATE INDEX occupancy_long ON occupancy (starts_at, ends_at, resource_id, unit)
    WHERE ends_at - starts_at > 10800000000;
