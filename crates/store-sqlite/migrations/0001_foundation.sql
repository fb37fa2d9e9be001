-- The whole deployment: what it is, who signs in, at what, for what, with which keys, and what was taken back.
--
-- Times are milliseconds since 1970 UTC, lifetimes milliseconds; `revocation.until` is in seconds as the feed has it.
-- Ids are 16 random bytes. No foreign key ties a session to its account, client or resource: a session outlives them,
-- so that "why was I signed out" still has an answer, and the refresh rule refuses it because they are gone.

-- One row from the first start on; no row: a new database.
CREATE TABLE deployment (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    issuer         TEXT NOT NULL,
    epoch          BLOB NOT NULL CHECK (length(epoch) = 16),
    epoch_cause    TEXT NOT NULL,
    epoch_began_at INTEGER NOT NULL,
    founded_at     INTEGER NOT NULL
) STRICT;

-- Written by the readiness check, so that it knows whether storage can write.
CREATE TABLE probe (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO probe (one, count) VALUES (1, 0);

CREATE TABLE account (
    id                 BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    login              TEXT NOT NULL,
    login_key          TEXT NOT NULL UNIQUE, -- Unicode-normal and lower case; the order of the list
    email              TEXT,
    name               TEXT,
    roles              TEXT NOT NULL, -- separated by spaces, in order
    attributes         TEXT NOT NULL, -- a JSON object, its names in order, so that equal ones are equal text
    password_hash      BLOB,          -- sealed
    credential_version INTEGER NOT NULL,
    sessions_floor     INTEGER NOT NULL, -- raised by everything that ends all its sessions
    status             TEXT NOT NULL,
    created_at         INTEGER NOT NULL
) STRICT;

CREATE TABLE client (
    id             TEXT PRIMARY KEY NOT NULL,
    authentication TEXT NOT NULL,
    rotation       TEXT NOT NULL,
    overlap        INTEGER NOT NULL,
    status         TEXT NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE resource (
    uri        TEXT PRIMARY KEY NOT NULL,
    scopes     TEXT NOT NULL, -- a JSON object: each scope with the roles of which one is needed
    lifetime   INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

-- A refresh changes no indexed column: it writes one page.
CREATE TABLE session (
    id                    BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    account               BLOB,
    client                TEXT NOT NULL,
    parent                BLOB REFERENCES session (id) ON DELETE SET NULL,
    offline_access        INTEGER NOT NULL, -- 1: it survives its parent
    secret_hash           BLOB NOT NULL CHECK (length(secret_hash) = 32),
    replaced_hash         BLOB,
    generation            INTEGER NOT NULL,
    rotated_at            INTEGER,
    rotated_by            TEXT,
    late_generation       INTEGER NOT NULL,
    late_run              INTEGER NOT NULL,
    foreign_generation    INTEGER NOT NULL,
    foreign_run           INTEGER NOT NULL,
    retry_hash            BLOB,
    network_1             BLOB, -- the newest of the last four that rotated it
    network_2             BLOB,
    network_3             BLOB,
    network_4             BLOB,
    created_at            INTEGER NOT NULL,
    idle_expires_at       INTEGER NOT NULL,
    absolute_expires_at   INTEGER NOT NULL,
    last_token_expires_at INTEGER NOT NULL,
    jkt                   TEXT,
    scope                 TEXT NOT NULL,
    audience              TEXT NOT NULL,
    label                 TEXT,
    address               TEXT,
    storage_epoch         BLOB NOT NULL CHECK (length(storage_epoch) = 16),
    ended_at              INTEGER,
    end_reason            TEXT,
    end_by                TEXT
) STRICT;

-- The lists, newest first: of all, of an account, at a client, for one reason.
CREATE INDEX session_by_time ON session (created_at, id);
CREATE INDEX session_by_account ON session (account, created_at, id) WHERE account IS NOT NULL;
CREATE INDEX session_by_client ON session (client, created_at, id);
CREATE INDEX session_by_end ON session (end_reason, created_at, id) WHERE end_reason IS NOT NULL;
-- "End all", and how many are live, must not read what ended in the last 90 days.
CREATE INDEX session_open ON session (account) WHERE ended_at IS NULL;
-- The children rule, and the foreign key's own look.
CREATE INDEX session_by_parent ON session (parent) WHERE parent IS NOT NULL;
-- The sweep.
CREATE INDEX session_by_expiry ON session (absolute_expires_at);

-- The version that every change of the ring expects and raises, and the key that seals all the rest.
CREATE TABLE ring (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    version     INTEGER NOT NULL,
    storage_key BLOB
) STRICT;
INSERT INTO ring (one, version) VALUES (1, 0);

CREATE TABLE ring_key (
    id             TEXT PRIMARY KEY NOT NULL,
    purpose        TEXT NOT NULL,
    algorithm      TEXT NOT NULL,
    state          TEXT NOT NULL,
    sealed         BLOB NOT NULL,
    published_at   INTEGER NOT NULL,
    activated_at   INTEGER,
    token_lifetime INTEGER NOT NULL,
    gone_at        INTEGER
) STRICT;

CREATE TABLE mac_key (
    id         INTEGER PRIMARY KEY CHECK (id BETWEEN 0 AND 255),
    state      TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    gone_at    INTEGER
) STRICT;

-- The number of the last revocation and the digest of all in this epoch: neither forgets what was forgotten.
CREATE TABLE feed (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    last INTEGER NOT NULL,
    "set" BLOB NOT NULL CHECK (length("set") = 16)
) STRICT;
INSERT INTO feed (one, last, "set") VALUES (1, 0, zeroblob(16));

CREATE TABLE revocation (
    sequence INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL, -- s, t, c, k or a
    subject  TEXT NOT NULL, -- as the feed names it: of a client the hash of its id
    until    INTEGER,       -- seconds; none: never forgotten
    extra    TEXT
) STRICT;

CREATE INDEX revocation_by_subject ON revocation (subject, kind);
CREATE INDEX revocation_by_until ON revocation (until) WHERE until IS NOT NULL;

CREATE TABLE audit (
    id            INTEGER PRIMARY KEY, -- the order of the list
    at            INTEGER NOT NULL,
    what          TEXT NOT NULL,
    account       BLOB,
    session       BLOB,
    client        TEXT,
    actor_account BLOB,
    actor_address TEXT,
    actor_request TEXT,
    detail        TEXT
) STRICT;

CREATE INDEX audit_by_account ON audit (account) WHERE account IS NOT NULL;
CREATE INDEX audit_by_session ON audit (session) WHERE session IS NOT NULL;
-- Whether an alarm was told lately, and the list by the beginning of a name.
CREATE INDEX audit_by_name ON audit (what, at);
CREATE INDEX audit_by_time ON audit (at);
