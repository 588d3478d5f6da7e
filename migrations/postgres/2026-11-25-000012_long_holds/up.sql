-- Most pieces are short: whoever looks among all resources for what overlaps a moment need look back only three hours for
-- those, and finds the few longer ones here.
CREATE INDEX occupancy_long ON occupancy (starts_at) INCLUDE (ends_at, resource_id, unit)
    WHERE ends_at - starts_at > interval '3 hours';
