-- A baseline may be retired; those of before are in force.
DROP INDEX baseline_accepted;
ALTER TABLE baseline RENAME TO baseline_before;
CREATE TABLE baseline (
    number     INTEGER PRIMARY KEY,
    device     TEXT NOT NULL,
    context    TEXT NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    learned_ms INTEGER NOT NULL,
    frames     INTEGER NOT NULL CHECK (frames >= 1),
    accepted   INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    retired    INTEGER NOT NULL DEFAULT 0 CHECK (retired IN (0, 1)),
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    body       BLOB NOT NULL,
    UNIQUE (device, context, version)
);
INSERT INTO baseline (number, device, context, version, learned_ms, frames, accepted, digest, body)
    SELECT number, device, context, version, learned_ms, frames, accepted, digest, body FROM baseline_before;
DROP TABLE baseline_before;
CREATE UNIQUE INDEX baseline_accepted ON baseline (device, context) WHERE accepted = 1;
