DROP TABLE imports;
DROP TABLE idempotent_requests;
