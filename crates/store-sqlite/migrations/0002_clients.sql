-- Machine clients: what a client is, how it authenticates, what it may ask for.
--
-- Nothing could register a client before this, so the table is made anew rather than given defaults that no row has.
DROP TABLE client;

CREATE TABLE client (
    id             TEXT PRIMARY KEY NOT NULL,
    name           TEXT,
    kind           TEXT NOT NULL,
    authentication TEXT NOT NULL, -- the method as metadata spells it
    secret_hash    BLOB CHECK (length(secret_hash) = 32),
    scopes         TEXT NOT NULL, -- separated by spaces, in order
    resources      TEXT NOT NULL, -- URIs separated by spaces, in order
    rotation       TEXT NOT NULL,
    overlap        INTEGER NOT NULL,
    status         TEXT NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
