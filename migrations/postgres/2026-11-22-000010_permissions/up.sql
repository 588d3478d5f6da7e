-- What a user was given besides what comes with the roles.
ALTER TABLE users ADD COLUMN permissions json NOT NULL DEFAULT '[]';

-- What a role was given besides what comes with it.
CREATE TABLE role_grants (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    permissions json NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL
);
