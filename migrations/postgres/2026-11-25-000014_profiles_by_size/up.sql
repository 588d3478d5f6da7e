-- A search takes the smallest that suffice first, and reads no more of them than it needs.
CREATE INDEX availability_profiles_size ON availability_profiles (capacity NULLS FIRST, code) WHERE NOT deleted;
