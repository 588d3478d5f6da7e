DROP TABLE inbox;
DROP TABLE outbox;
DROP TABLE events;
