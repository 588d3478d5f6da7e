-- What a user was given besides what comes with the roles.
ALTER TABLE users ADD COLUMN permissions text NOT NULL DEFAULT '[]';

-- What a role was given besides what comes with it.
CREATE TABLE role_grants (
    id blob PRIMARY KEY NOT NULL,
    name text NOT NULL,
    permissions text NOT NULL,
    version integer NOT NULL,
    updated_at integer NOT NULL
) STRICT;
