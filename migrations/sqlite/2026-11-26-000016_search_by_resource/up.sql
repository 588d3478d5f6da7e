-- Nobody looks among all resources' holds any more.
DROP INDEX occupancy_long;
DROP INDEX occupancy_start;
