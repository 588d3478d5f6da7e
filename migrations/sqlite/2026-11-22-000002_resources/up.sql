-- What can be reserved, and the categories it is sorted into.
CREATE TABLE categories (
    id blob PRIMARY KEY NOT NULL,
    name text NOT NULL,
    description text,
    parent_id blob,
    version integer NOT NULL,
    created_at integer NOT NULL,
    updated_at integer NOT NULL,
    CONSTRAINT categories_name_key UNIQUE (name)
) STRICT;

CREATE TABLE resources (
    id blob PRIMARY KEY NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    capacity integer,
    category_id blob,
    program_ids text NOT NULL,
    location text,
    building text,
    attributes text NOT NULL,
    description text,
    status text NOT NULL,
    rules text NOT NULL,
    version integer NOT NULL,
    created_at integer NOT NULL,
    updated_at integer NOT NULL,
    deleted_at integer,
    -- Lower-case text that the search looks in.
    search_text text NOT NULL
) STRICT;
-- The code of a deleted resource may be used again.
CREATE UNIQUE INDEX resources_code_key ON resources (code) WHERE deleted_at IS NULL;
CREATE INDEX resources_category ON resources (category_id);
