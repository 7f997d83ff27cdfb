-- Agreed windows. IF NOT EXISTS: files from before schema versions were kept may have some of it already.
CREATE TABLE IF NOT EXISTS window_event (
    number  INTEGER PRIMARY KEY CHECK (number >= 1),
    plan_id TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    deed    TEXT NOT NULL,
    body    BLOB NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32)
);
