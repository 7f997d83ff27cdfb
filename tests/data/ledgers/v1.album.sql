-- The album: what is kept of pictures beside the ledger. No figure follows from it; it may be deleted at any time, and
-- the monitor then learns its cameras anew. All times are UTC milliseconds since 1970.

-- What this file is. One row.
CREATE TABLE album (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    layout     INTEGER NOT NULL CHECK (layout = 1),            -- version of this schema
    created_ms INTEGER NOT NULL
);

-- What a camera's picture is held against. Nothing recognisable: features, an edge map, points.
CREATE TABLE baseline (
    number     INTEGER PRIMARY KEY,
    device     TEXT NOT NULL,
    context    TEXT NOT NULL,                                  -- model.picture.Context
    version    INTEGER NOT NULL CHECK (version >= 1),          -- 1, 2, 3 ... per device and context
    learned_ms INTEGER NOT NULL,
    frames     INTEGER NOT NULL CHECK (frames >= 1),
    accepted   INTEGER NOT NULL CHECK (accepted IN (0, 1)),    -- the one of commissioning
    digest     BLOB NOT NULL CHECK (length(digest) = 32),      -- SHA-256 of `body`
    body       BLOB NOT NULL,
    UNIQUE (device, context, version)
);
-- What was accepted is never replaced: there is one at most.
CREATE UNIQUE INDEX baseline_accepted ON baseline (device, context) WHERE accepted = 1;

-- Healthy looks that wait to become a baseline.
CREATE TABLE material (
    number  INTEGER PRIMARY KEY,                               -- order of arrival
    device  TEXT NOT NULL,
    context TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,                                  -- length of `sheet`, so that sums read no sheet
    sheet   BLOB NOT NULL
);
CREATE INDEX material_of ON material (device, context, number, at_ms, bytes);

-- The newest look at each camera, and what the rules of evidence remember of those before.
CREATE TABLE camera (
    device TEXT PRIMARY KEY,
    at_ms  INTEGER NOT NULL,
    look   BLOB NOT NULL,                                      -- zlib of compact JSON of model.picture.Look
    track  BLOB NOT NULL                                       -- zlib of text, opaque here
) WITHOUT ROWID;

-- What the rules remember of the fleet. One row.
CREATE TABLE fleet (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    body BLOB NOT NULL                                         -- zlib of text, opaque here
);

-- One blurred thumbnail for the finding that stands. It goes with the finding, or at `expires_ms`.
CREATE TABLE thumbnail (
    device     TEXT PRIMARY KEY,
    since_ms   INTEGER NOT NULL,                               -- the finding's: a second one of the same is not taken
    at_ms      INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL CHECK (expires_ms > at_ms),
    verdict    TEXT NOT NULL,
    jpeg       BLOB NOT NULL
);

-- A whole picture that somebody asked for, where the site allows it: 72 h at most.
CREATE TABLE full_picture (
    device     TEXT PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL CHECK (expires_ms > at_ms AND expires_ms <= at_ms + 259200000),
    jpeg       BLOB NOT NULL
);
