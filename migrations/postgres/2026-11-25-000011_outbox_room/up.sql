-- Each row is changed once, by its claim, and deleted soon after: with room left in its page the change needs no new
-- entries in the indexes.
ALTER TABLE outbox SET (fillfactor = 50);
