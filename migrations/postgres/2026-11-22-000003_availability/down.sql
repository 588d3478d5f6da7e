DROP TABLE occupancy;
DROP TABLE reservations;
DROP TABLE reservation_series;
DROP TABLE availability_profiles;
DROP EXTENSION IF EXISTS btree_gist;
