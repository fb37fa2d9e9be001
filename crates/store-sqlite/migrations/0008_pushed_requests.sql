-- Authorization requests that clients push (RFC 9126), and which clients must.
CREATE TABLE pushed_request (
    hash       BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    client     TEXT NOT NULL,
    parameters TEXT NOT NULL, -- as a query
    begun      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- How many a client has, and the first of them that is over.
CREATE INDEX pushed_request_by_client ON pushed_request (client, expires_at);
-- The sweep.
CREATE INDEX pushed_request_by_expiry ON pushed_request (expires_at);

ALTER TABLE client ADD COLUMN requires_pushed_requests INTEGER NOT NULL DEFAULT 0;
