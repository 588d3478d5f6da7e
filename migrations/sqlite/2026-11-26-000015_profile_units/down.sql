DROP INDEX availability_profiles_size;
CREATE INDEX availability_profiles_size ON availability_profiles (capacity, code) WHERE NOT deleted;
ALTER TABLE availability_profiles DROP COLUMN buffer_minutes;
ALTER TABLE availability_profiles DROP COLUMN units;
