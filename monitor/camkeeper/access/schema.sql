-- Who may come in, and what they did. Beside the ledger, never in it: no figure follows from it, and no export has it.
-- No secret is in here: passwords are Argon2id, everything else that opens a door is a SHA-256 of 256 random bits.
-- All times are UTC milliseconds since 1970.

-- What this file is. One row.
CREATE TABLE access (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    layout     INTEGER NOT NULL CHECK (layout = 1),
    store      BLOB NOT NULL CHECK (length(store) = 16),       -- random: two stores have no chain in common
    created_ms INTEGER NOT NULL
);

CREATE TABLE account (
    key         TEXT PRIMARY KEY,                              -- the name as it is compared: NFKC, caseless
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    scope       TEXT NOT NULL,                                 -- {"contractor": id or null, "sites": [ids] or null}
    password    TEXT,                                          -- Argon2id; null: an identity provider vouches
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    disabled    INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_ms  INTEGER NOT NULL,
    changed_ms  INTEGER NOT NULL,                              -- the password
    seen_ms     INTEGER,
    outside     TEXT NOT NULL DEFAULT '',                      -- issuer
    subject     TEXT NOT NULL DEFAULT ''                       -- who that is to the issuer
) WITHOUT ROWID;
CREATE UNIQUE INDEX account_outside ON account (outside, subject) WHERE outside <> '';

CREATE TABLE session (
    digest     BLOB PRIMARY KEY CHECK (length(digest) = 32),
    account    TEXT NOT NULL REFERENCES account (key),
    begun_ms   INTEGER NOT NULL,
    seen_ms    INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL CHECK (expires_ms > begun_ms)
) WITHOUT ROWID;
CREATE INDEX session_of ON session (account, begun_ms);

-- A link that signs in once.
CREATE TABLE once (
    digest     BLOB PRIMARY KEY CHECK (length(digest) = 32),
    account    TEXT NOT NULL REFERENCES account (key),
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE token (
    id         TEXT PRIMARY KEY,
    digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_ms INTEGER,
    used_ms    INTEGER
) WITHOUT ROWID;

-- Networks from which an account signed in lately: failures elsewhere don't make it wait there.
CREATE TABLE known (
    account TEXT NOT NULL REFERENCES account (key),
    network TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (account, network)
) WITHOUT ROWID;

-- What people did. Each entry is sealed to the one before it (chain.py).
CREATE TABLE audit (
    number  INTEGER PRIMARY KEY CHECK (number >= 1),
    at_ms   INTEGER NOT NULL,
    by      TEXT NOT NULL,
    role    TEXT NOT NULL,
    address TEXT NOT NULL,
    what    TEXT NOT NULL,
    target  TEXT NOT NULL,
    detail  TEXT NOT NULL,
    head    BLOB NOT NULL CHECK (length(head) = 32)
);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
