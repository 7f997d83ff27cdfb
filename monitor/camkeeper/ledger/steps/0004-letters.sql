-- Incidents and letters. IF NOT EXISTS: files from before schema versions were kept may have some of it already.
CREATE TABLE IF NOT EXISTS incident_event (
    number    INTEGER PRIMARY KEY,
    incident  TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    happening TEXT NOT NULL,
    tells     INTEGER NOT NULL CHECK (tells IN (0, 1)),
    by_whom   TEXT NOT NULL,
    devices   BLOB NOT NULL,
    body      BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS incident_event_of ON incident_event (incident, number);
CREATE TABLE IF NOT EXISTS incident (
    id       TEXT PRIMARY KEY,
    state    TEXT NOT NULL,
    began_ms INTEGER NOT NULL,
    end_ms   INTEGER,
    number   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incident_open ON incident (id) WHERE end_ms IS NULL;
CREATE TABLE IF NOT EXISTS letter (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    incident   TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    channel    TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    body       BLOB NOT NULL,
    state      TEXT NOT NULL,
    tries      INTEGER NOT NULL CHECK (tries >= 0),
    due_ms     INTEGER NOT NULL,
    tried_ms   INTEGER,
    marked_ms  INTEGER,
    code       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    digest     TEXT
);
CREATE INDEX IF NOT EXISTS letter_waiting ON letter (number) WHERE state IN ('queued', 'sending', 'retry');
CREATE INDEX IF NOT EXISTS letter_dead ON letter (number) WHERE state = 'dead';
CREATE INDEX IF NOT EXISTS letter_of ON letter (incident, channel, seq);
CREATE INDEX IF NOT EXISTS letter_in ON letter (digest) WHERE digest IS NOT NULL;
CREATE INDEX IF NOT EXISTS letter_tried ON letter (tried_ms) WHERE tried_ms IS NOT NULL;
