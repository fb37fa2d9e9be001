-- Signing out across applications: where people come back to, where clients are told, and who has to be told yet.

-- URIs separated by spaces, in order.
ALTER TABLE client ADD COLUMN post_logout_redirect_uris TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN backchannel_logout_uri TEXT;
ALTER TABLE client ADD COLUMN backchannel_logout_session_required INTEGER NOT NULL DEFAULT 0;

-- A client that has to be told that a session ended: written in the commit that ends it. The URI is that of then, so that
-- a client that is removed hears of it too.
CREATE TABLE pending_logout (
    session  BLOB PRIMARY KEY NOT NULL CHECK (length(session) = 16),
    account  BLOB NOT NULL CHECK (length(account) = 16),
    client   TEXT NOT NULL,
    uri      TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    tries    INTEGER NOT NULL DEFAULT 0,
    due_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The longest due of each client first: one that is slow holds up no other.
CREATE INDEX pending_logout_by_client ON pending_logout (client, due_at);
CREATE INDEX pending_logout_by_age ON pending_logout (ended_at);
