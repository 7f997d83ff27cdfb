-- Findings, clocks and views of pictures. IF NOT EXISTS: files from before schema versions were kept may have some of it already.
CREATE TABLE IF NOT EXISTS picture_finding (
    number     INTEGER PRIMARY KEY,
    device     INTEGER NOT NULL,
    verdict    TEXT NOT NULL,
    since_ms   INTEGER NOT NULL,
    decided_ms INTEGER NOT NULL,
    scope      TEXT NOT NULL,
    looks      INTEGER NOT NULL CHECK (looks >= 1),
    yaw_deg    REAL,
    pitch_deg  REAL,
    roll_deg   REAL,
    error_deg  REAL,
    method     TEXT,
    support    REAL
);
CREATE INDEX IF NOT EXISTS picture_finding_of ON picture_finding (device, number);
CREATE INDEX IF NOT EXISTS picture_finding_since ON picture_finding (since_ms);
CREATE TABLE IF NOT EXISTS clock_drift (
    device   INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    offset_s REAL NOT NULL,
    PRIMARY KEY (device, at_ms)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS picture_view (
    number    INTEGER PRIMARY KEY CHECK (number >= 1),
    at_ms     INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    incident  TEXT,
    body      BLOB NOT NULL,
    hash      BLOB NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX IF NOT EXISTS picture_view_of ON picture_view (device_id, number);
