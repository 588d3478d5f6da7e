-- What Bookly sends for one search of a half hour of the coming weeks, in its order: what is held then, and the hundred smallest
-- resources, which mostly suffice. What differs: times are made of numbers. Nothing is booked on Sundays, so none is asked for.
\set open random(0, 23)
\set day CASE WHEN :open < :rest THEN :open ELSE :open + 1 + (:open - :rest) / 6 END
\set start :first + :day * 86400 + random(0, 31) * 1800
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SELECT resource_id, unit FROM occupancy
    WHERE starts_at < to_timestamp(:start + 1800) AND starts_at > to_timestamp(:start - 10800) AND ends_at > to_timestamp(:start)
    UNION ALL
    SELECT resource_id, unit FROM occupancy
    WHERE starts_at <= to_timestamp(:start - 10800) AND starts_at > to_timestamp(:start - 86400)
        AND ends_at > to_timestamp(:start) AND ends_at - starts_at > interval '3 hours';
SELECT "availability_profiles"."resource_id", "availability_profiles"."version", "availability_profiles"."code",
    "availability_profiles"."name", "availability_profiles"."type", "availability_profiles"."capacity",
    "availability_profiles"."category_id", "availability_profiles"."building", "availability_profiles"."features",
    "availability_profiles"."status", "availability_profiles"."rules", "availability_profiles"."opening",
    "availability_profiles"."deleted" FROM "availability_profiles"
    WHERE (NOT ("availability_profiles"."deleted")) ORDER BY capacity NULLS FIRST, code LIMIT 100 OFFSET 0;
COMMIT;
