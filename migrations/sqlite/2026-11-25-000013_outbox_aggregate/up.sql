-- The position stands here as an expression, for those who ask so on purpose: with the column itself PostgreSQL, when it believes
-- the outbox to be empty, looks positions up here instead of in the primary key, and reads all of the index for each.
DROP INDEX outbox_aggregate;
CREATE INDEX outbox_aggregate ON outbox (aggregate_id, (position + 0));
