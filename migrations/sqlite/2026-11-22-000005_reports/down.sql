DROP TABLE report_conflicts;
DROP TABLE report_reservations;
