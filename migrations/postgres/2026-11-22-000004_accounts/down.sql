DROP TABLE installation_secrets;
DROP TABLE refresh_tokens;
DROP TABLE login_sessions;
DROP TABLE users;
