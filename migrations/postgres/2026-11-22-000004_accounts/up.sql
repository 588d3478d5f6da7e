CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    roles json NOT NULL,
    active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search_text text NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email)
);

-- A login. It ends when it is revoked, or when its last refresh token expires.
CREATE TABLE login_sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX login_sessions_user ON login_sessions (user_id);

-- The refresh tokens of a session, of which only the hash is kept. One that was exchanged stays until it expires, so
-- that its second use is recognised as theft.
CREATE TABLE refresh_tokens (
    hash text PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES login_sessions (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    rotated_at timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- What the installation made for itself and shares between its processes, such as the key that signs tokens.
CREATE TABLE installation_secrets (
    name text PRIMARY KEY,
    value text NOT NULL
);
