-- Clients at which people sign in, the codes that they are given, and what people agreed to.

-- URIs separated by spaces, in order.
ALTER TABLE client ADD COLUMN redirect_uris TEXT NOT NULL DEFAULT '';
-- The keys of a client that authenticates by assertion: a JWK Set.
ALTER TABLE client ADD COLUMN jwks TEXT;

-- When the account proved who it is: for the session of a client that is the browser sign-in's time, not its own.
ALTER TABLE session ADD COLUMN authenticated_at INTEGER NOT NULL DEFAULT 0;
UPDATE session SET authenticated_at = created_at;

CREATE TABLE authorization_code (
    hash               BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    client             TEXT NOT NULL,
    redirect_uri       TEXT NOT NULL,
    redirect_uri_named INTEGER NOT NULL,
    account            BLOB NOT NULL,
    floor              INTEGER NOT NULL,
    parent             BLOB NOT NULL,
    authenticated_at   INTEGER NOT NULL,
    scope              TEXT NOT NULL,
    audience           TEXT NOT NULL,
    nonce              TEXT,
    challenge          BLOB NOT NULL CHECK (length(challenge) = 32),
    jkt                TEXT,
    expires_at         INTEGER NOT NULL,
    redeemed           BLOB -- the session that it made
) STRICT;

CREATE INDEX authorization_code_by_expiry ON authorization_code (expires_at);

CREATE TABLE consent (
    account  BLOB NOT NULL,
    client   TEXT NOT NULL,
    audience TEXT NOT NULL,
    scope    TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (account, client, audience)
) STRICT, WITHOUT ROWID;

-- They go with their client.
CREATE INDEX consent_by_client ON consent (client);
