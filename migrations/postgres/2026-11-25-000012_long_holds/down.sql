DROP INDEX occupancy_long;
