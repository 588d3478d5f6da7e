ALTER TABLE imports DROP COLUMN noted_at;
ALTER TABLE imports DROP COLUMN directory;
