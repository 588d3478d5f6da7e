-- The data directory of the process that runs an import, and when that was last heard of: another process on the same
-- database must not take it for one that was interrupted.
ALTER TABLE imports ADD COLUMN directory blob;
ALTER TABLE imports ADD COLUMN noted_at integer;
