CREATE TABLE users (
    id blob PRIMARY KEY NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    roles text NOT NULL,
    active integer NOT NULL,
    version integer NOT NULL,
    created_at integer NOT NULL,
    updated_at integer NOT NULL,
    search_text text NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email)
) STRICT;

-- A login. It ends when it is revoked, or when its last refresh token expires.
CREATE TABLE login_sessions (
    id blob PRIMARY KEY NOT NULL,
    user_id blob NOT NULL REFERENCES users (id),
    expires_at integer NOT NULL,
    revoked_at integer,
    created_at integer NOT NULL
) STRICT;
CREATE INDEX login_sessions_user ON login_sessions (user_id);

-- The refresh tokens of a session, of which only the hash is kept. One that was exchanged stays until it expires, so
-- that its second use is recognised as theft.
CREATE TABLE refresh_tokens (
    hash text PRIMARY KEY NOT NULL,
    session_id blob NOT NULL REFERENCES login_sessions (id) ON DELETE CASCADE,
    expires_at integer NOT NULL,
    rotated_at integer
) STRICT;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- What the installation made for itself and shares between its processes, such as the key that signs tokens.
CREATE TABLE installation_secrets (
    name text PRIMARY KEY NOT NULL,
    value text NOT NULL
) STRICT;
