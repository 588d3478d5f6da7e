DROP TABLE bulk_retries;
DROP TABLE dead_letter_operations;
DROP TABLE dead_letters;
