-- What Bookly sends for one search of a half hour of the coming weeks: the fifty smallest resources that are free, which mostly
-- suffice. What differs: times are made of numbers. Nothing is booked on Sundays, so none is asked for.
\set open random(0, 23)
\set day CASE WHEN :open < :rest THEN :open ELSE :open + 1 + (:open - :rest) / 6 END
\set limit 50
\set offset 0
\set start :first + :day * 86400 + random(0, 31) * 1800
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SELECT p.resource_id, p.version, p.code, p.name, p.type, p.capacity, p.category_id, p.building, '{}',
        p.status, p.rules, p.opening, p.deleted
    FROM availability_profiles p
    WHERE NOT p.deleted AND (
        SELECT count(DISTINCT o.unit) FROM occupancy o WHERE o.resource_id = p.resource_id
            AND o.starts_at < to_timestamp(:start + 1800) + make_interval(mins => p.buffer_minutes)
            AND o.starts_at > to_timestamp(:start - 86400) AND o.ends_at > to_timestamp(:start)
    ) < p.units
    ORDER BY p.capacity NULLS FIRST, p.code, p.resource_id LIMIT :limit OFFSET :offset;
COMMIT;
