DROP TABLE executions;
ALTER TABLE outbox DROP COLUMN claims;
