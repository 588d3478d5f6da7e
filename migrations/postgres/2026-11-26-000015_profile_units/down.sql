DROP INDEX availability_profiles_size;
CREATE INDEX availability_profiles_size ON availability_profiles (capacity NULLS FIRST, code) WHERE NOT deleted;
ALTER TABLE availability_profiles DROP COLUMN buffer_minutes, DROP COLUMN units;
