-- What can be reserved, and the categories it is sorted into.
CREATE TABLE categories (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    description text,
    parent_id uuid,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT categories_name_key UNIQUE (name)
);

CREATE TABLE resources (
    id uuid PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    capacity integer,
    category_id uuid,
    program_ids json NOT NULL,
    location json,
    building text,
    attributes json NOT NULL,
    description text,
    status text NOT NULL,
    rules json NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    -- Lower-case text that the search looks in.
    search_text text NOT NULL
);
-- The code of a deleted resource may be used again.
CREATE UNIQUE INDEX resources_code_key ON resources (code) WHERE deleted_at IS NULL;
CREATE INDEX resources_category ON resources (category_id);
