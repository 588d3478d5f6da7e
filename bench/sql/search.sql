-- Which resources are free, and may be reserved as far as their status goes, in a half hour of the coming weeks.
\set start :first + random(0, 24) * 86400 + random(0, 31) * 1800
SELECT profile.resource_id, profile.code, profile.name, profile.type, profile.capacity, profile.building
FROM availability_profiles profile
LEFT JOIN (
    SELECT resource_id, count(DISTINCT unit) AS units FROM (
        SELECT resource_id, unit FROM occupancy
        WHERE starts_at < to_timestamp(:start) + interval '30 minutes'
          AND starts_at > to_timestamp(:start) - interval '3 hours' AND ends_at > to_timestamp(:start)
        UNION ALL
        SELECT resource_id, unit FROM occupancy
        WHERE starts_at <= to_timestamp(:start) - interval '3 hours'
          AND starts_at > to_timestamp(:start) - interval '24 hours' AND ends_at > to_timestamp(:start)
          AND ends_at - starts_at > interval '3 hours'
    ) held GROUP BY resource_id
) held ON held.resource_id = profile.resource_id
WHERE NOT profile.deleted AND profile.status IN ('AVAILABLE', 'RESERVED')
  AND coalesce(held.units, 0) < coalesce((profile.rules -> 'customRules' ->> 'maxConcurrentBookings')::bigint, 1)
ORDER BY profile.capacity NULLS FIRST, profile.code LIMIT 50;
