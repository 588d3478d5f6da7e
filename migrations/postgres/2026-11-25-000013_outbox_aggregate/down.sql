DROP INDEX outbox_aggregate;
CREATE INDEX outbox_aggregate ON outbox (aggregate_id, position);
