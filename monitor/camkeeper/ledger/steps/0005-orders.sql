-- Work orders and the desk. IF NOT EXISTS: files from before schema versions were kept may have some of it already.
CREATE TABLE IF NOT EXISTS order_event (
    number       INTEGER PRIMARY KEY,
    order_number INTEGER NOT NULL CHECK (order_number >= 1),
    at_ms        INTEGER NOT NULL,
    step         TEXT NOT NULL,
    body         BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS order_event_of ON order_event (order_number, number);
CREATE TABLE IF NOT EXISTS order_watch (
    order_number INTEGER PRIMARY KEY,
    body         BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS desk_state (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    body BLOB NOT NULL
);
