DROP TABLE role_grants;
ALTER TABLE users DROP COLUMN permissions;
