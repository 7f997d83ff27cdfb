-- The ledger. `chain` and `journal` are the record of figures, `incident_event`, `order_event` and `letter` that of what
-- people were told and did, `picture_finding`, `clock_drift` and `picture_view` that of pictures; every other table is
-- derived or a bookmark.
-- All times are UTC milliseconds since 1970, all spans half-open [t0, t1).

-- What this file is. One row.
CREATE TABLE ledger (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    ledger_id   BLOB NOT NULL CHECK (length(ledger_id) = 16),  -- random; with `created_ms` it makes the genesis hash
    layout      INTEGER NOT NULL CHECK (layout = 1),           -- version of this schema
    created_ms  INTEGER NOT NULL
);

-- The record proper: append-only, each row sealed to the one before it.
-- hash = SHA-256(previous hash || seq u64 || kind u8 || at_ms i64 || length of body u32 || body), integers big-endian.
CREATE TABLE chain (
    seq   INTEGER PRIMARY KEY CHECK (seq >= 1),                -- 1, 2, 3 ... without a gap
    kind  INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 8),       -- chain.Kind; never renumbered
    at_ms INTEGER NOT NULL,                                    -- when it happened (transition: back-dated)
    body  BLOB NOT NULL,                                       -- compact JSON; config: zlib of compact JSON
    hash  BLOB NOT NULL CHECK (length(hash) = 32)
);
-- Everything but transitions is rare: found without reading a year of them.
CREATE INDEX chain_notes ON chain (kind, seq) WHERE kind <> 4;

-- Raw samples, one row a committed batch. Short-lived: enough to restore the judge's tracks after a kill.
CREATE TABLE journal (
    id       INTEGER PRIMARY KEY,
    from_seq INTEGER NOT NULL,                                 -- chain head before and
    to_seq   INTEGER NOT NULL CHECK (to_seq >= from_seq),      --   after the batch: its transitions lie between
    tick_ms  INTEGER,                                          -- observed through here; NULL: the batch says nothing of it
    samples  BLOB NOT NULL CHECK (length(samples) % 14 = 0),   -- each: device i32, at_ms i64, status u8, reason u8; big-endian
    crc      INTEGER NOT NULL                                  -- CRC-32 of the other columns
);

-- One mutable row instead of touching every device at every tick.
CREATE TABLE poller (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    last_tick_ms INTEGER,                                      -- everything up to here was observed and is on disk
    boot_id      TEXT NOT NULL,                                -- the run of the monitor that wrote last
    samples      INTEGER NOT NULL CHECK (samples >= 0),        -- acknowledged since the ledger began
    sealed_ms    INTEGER,                                      -- the tick at the newest seal
    crc          INTEGER NOT NULL
);

-- The judge's tracks after the journal row `journal_id`. One row.
CREATE TABLE track_checkpoint (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    journal_id INTEGER NOT NULL,                               -- fold again what follows this
    tracks     BLOB NOT NULL,                                  -- opaque to the ledger
    crc        INTEGER NOT NULL
);

-- DERIVED from `life` records. A device's number is given at its first enrolment and never again to another.
CREATE TABLE device (
    device INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE
);

-- DERIVED from `life` records: in service [t0, t1); t1 NULL: still.
CREATE TABLE life (
    device INTEGER NOT NULL,
    t0     INTEGER NOT NULL,
    t1     INTEGER CHECK (t1 >= t0),
    PRIMARY KEY (device, t0)
) WITHOUT ROWID;

-- DERIVED from transitions: finished spans of one status, split at UTC month edges, so that a month is one
-- contiguous range. A local month touches two of them at most (three never: offsets are under a day).
CREATE TABLE interval (
    month  INTEGER NOT NULL,                                   -- year * 12 + month - 1, UTC
    device INTEGER NOT NULL,
    t0     INTEGER NOT NULL,
    t1     INTEGER NOT NULL CHECK (t1 > t0),
    status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),    -- Status.code
    seq    INTEGER NOT NULL,                                   -- the transition that began it, in `chain`: why
    PRIMARY KEY (month, device, t0)
) WITHOUT ROWID;

-- DERIVED: the span that each device in service is in, since t0. How far it is known, `poller.last_tick_ms` says.
CREATE TABLE open_interval (
    device INTEGER PRIMARY KEY,
    t0     INTEGER NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),
    seq    INTEGER NOT NULL
);

-- DERIVED: finished local days that are rolled up. A row whose basis is not the present one is recomputed.
CREATE TABLE rollup_day (
    day      INTEGER NOT NULL,                                 -- local date, days since 1970-01-01
    zone     TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms   INTEGER NOT NULL,
    basis    BLOB NOT NULL CHECK (length(basis) = 32),         -- SHA-256 of windows, devices and the look's instant
    PRIMARY KEY (day, zone)
) WITHOUT ROWID;

-- DERIVED: one device on one finished local day in which it was in service. Milliseconds, as contracted (windows taken
-- out); `raw_`: with no window taken out, NULL where that is the same. unknown = lived - excluded - up - down.
CREATE TABLE day_rollup (
    day          INTEGER NOT NULL,
    device       INTEGER NOT NULL,
    lived        INTEGER NOT NULL CHECK (lived > 0),           -- the day less what is outside the device's life
    excluded     INTEGER NOT NULL,
    up           INTEGER NOT NULL,                             -- degraded included
    degraded     INTEGER NOT NULL,
    down         INTEGER NOT NULL,
    look         INTEGER NOT NULL CHECK (look BETWEEN 0 AND 4), -- at the daily look: Status.code, 0 does not count
    raw_up       INTEGER,
    raw_degraded INTEGER,
    raw_down     INTEGER,
    raw_look     INTEGER,
    PRIMARY KEY (day, device)
) WITHOUT ROWID;

-- DERIVED, and not from the chain alone: what cameras saw also follows from where they hang, which the configuration
-- knows. One row a figure that is kept by the hour. Its hours go when its basis changes, and are computed again.
CREATE TABLE coverage_series (
    series INTEGER PRIMARY KEY,
    site   TEXT NOT NULL,
    layer  TEXT NOT NULL,
    unit   TEXT NOT NULL,                                      -- m2, m or count
    night  INTEGER NOT NULL CHECK (night IN (0, 1)),
    total  INTEGER NOT NULL,                                   -- what there is to see, thousandths of the unit
    design INTEGER NOT NULL,                                   -- seen when every camera works
    basis  BLOB NOT NULL CHECK (length(basis) = 32),           -- SHA-256 over cameras, obstacles, places and policy
    UNIQUE (site, layer, unit, night)
);

-- DERIVED: finished hours of a series. A change that reaches back into one drops it, in the change's transaction.
CREATE TABLE coverage_hour (
    start_ms INTEGER NOT NULL,                                 -- a full hour, UTC
    series   INTEGER NOT NULL,
    lower    INTEGER NOT NULL CHECK (lower >= 0),              -- thousandths x ms seen, unknown counted as blind
    upper    INTEGER NOT NULL CHECK (upper >= lower),          --   ... counted as seeing
    worst    INTEGER NOT NULL,                                 -- smallest upper amount within the hour, thousandths
    worst_ms INTEGER NOT NULL,                                 -- when that first was
    PRIMARY KEY (series, start_ms)                             -- a month of a figure lies together: read in one go
) WITHOUT ROWID;

-- What happened to incidents, in order. Of the record, though not of the chain: figures never follow from it.
-- Written in the transaction of the batch that it follows from.
CREATE TABLE incident_event (
    number    INTEGER PRIMARY KEY,                             -- order of telling
    incident  TEXT NOT NULL,                                   -- its id, e.g. I000123
    at_ms     INTEGER NOT NULL,
    happening TEXT NOT NULL,                                   -- model.incident.Happening
    tells     INTEGER NOT NULL CHECK (tells IN (0, 1)),
    by_whom   TEXT NOT NULL,
    devices   BLOB NOT NULL,                                   -- JSON list of ids
    body      BLOB NOT NULL                                    -- the incident afterwards: compact JSON, zlib of it past 4 KiB
);
CREATE INDEX incident_event_of ON incident_event (incident, number);

-- The newest event of each incident: which are open is found without reading a year of them.
CREATE TABLE incident (
    id       TEXT PRIMARY KEY,
    state    TEXT NOT NULL,                                    -- model.incident.IncidentState
    began_ms INTEGER NOT NULL,
    end_ms   INTEGER,                                          -- NULL: held or open
    number   INTEGER NOT NULL                                  -- in `incident_event`
) WITHOUT ROWID;
CREATE INDEX incident_open ON incident (id) WHERE end_ms IS NULL;

-- Letters to people. Queued in the transaction of the batch that they tell of; their state changes afterwards.
CREATE TABLE letter (
    number     INTEGER PRIMARY KEY,                            -- order of queueing
    id         TEXT NOT NULL UNIQUE,                           -- the same at every attempt: receivers tell a repeat by it
    incident   TEXT NOT NULL,                                  -- '' for a digest
    seq        INTEGER NOT NULL,                               -- of its incident and channel: delivered in this order
    channel    TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    body       BLOB NOT NULL,                                  -- compact JSON of the letter
    state      TEXT NOT NULL,                                  -- model.post.LetterState
    tries      INTEGER NOT NULL CHECK (tries >= 0),            -- attempts begun
    due_ms     INTEGER NOT NULL,                               -- not before
    tried_ms   INTEGER,                                        -- the newest attempt
    marked_ms  INTEGER,                                        -- when it came to its state
    code       TEXT NOT NULL,                                  -- what the platform answered last
    detail     TEXT NOT NULL,
    digest     TEXT                                            -- id of the letter that stands for it
);
CREATE INDEX letter_waiting ON letter (number) WHERE state IN ('queued', 'sending', 'retry');
CREATE INDEX letter_dead ON letter (number) WHERE state = 'dead';
CREATE INDEX letter_of ON letter (incident, channel, seq);
CREATE INDEX letter_in ON letter (digest) WHERE digest IS NOT NULL;
CREATE INDEX letter_tried ON letter (tried_ms) WHERE tried_ms IS NOT NULL;

-- What happened to work orders, in order: their fold is the book of orders. Written like `incident_event`.
CREATE TABLE order_event (
    number       INTEGER PRIMARY KEY,                          -- order of steps
    order_number INTEGER NOT NULL CHECK (order_number >= 1),   -- 931 is WO-0931
    at_ms        INTEGER NOT NULL,
    step         TEXT NOT NULL,                                -- model.workorder.Step
    body         BLOB NOT NULL                                 -- compact JSON of the step
);
CREATE INDEX order_event_of ON order_event (order_number, number);

-- What the probe last said of each order's devices. One row an order.
CREATE TABLE order_watch (
    order_number INTEGER PRIMARY KEY,
    body         BLOB NOT NULL                                 -- zlib of compact JSON, device id -> model.workorder.Watched
);

-- What the correlator remembers, as of the newest batch that changed it. One row.
CREATE TABLE desk_state (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    body BLOB NOT NULL                                         -- zlib of canonical JSON
);

-- What the looks at a camera's picture proved, in the order of decision; the newest of a device stands. Of the record,
-- beside the chain, like `incident_event`.
CREATE TABLE picture_finding (
    number     INTEGER PRIMARY KEY,                            -- order of decision
    device     INTEGER NOT NULL,
    verdict    TEXT NOT NULL,                                  -- model.picture.PictureVerdict; ok ends the one before
    since_ms   INTEGER NOT NULL,                               -- back-dated to the first look of the proof
    decided_ms INTEGER NOT NULL,
    scope      TEXT NOT NULL,                                  -- model.picture.Scope
    looks      INTEGER NOT NULL CHECK (looks >= 1),
    yaw_deg    REAL,                                           -- all NULL but where the camera was turned
    pitch_deg  REAL,
    roll_deg   REAL,
    error_deg  REAL,                                           -- half-width of the yaw's 95% interval
    method     TEXT,
    support    REAL
);
CREATE INDEX picture_finding_of ON picture_finding (device, number);
CREATE INDEX picture_finding_since ON picture_finding (since_ms);

-- A device's clock against ours; positive: it is fast.
CREATE TABLE clock_drift (
    device   INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    offset_s REAL NOT NULL,
    PRIMARY KEY (device, at_ms)
) WITHOUT ROWID;

-- Who looked at which picture, and why: append-only, each row sealed to the one before it (ledger.views).
CREATE TABLE picture_view (
    number    INTEGER PRIMARY KEY CHECK (number >= 1),         -- 1, 2, 3 ... without a gap
    at_ms     INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    incident  TEXT,
    body      BLOB NOT NULL,                                   -- compact JSON of the view
    hash      BLOB NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX picture_view_of ON picture_view (device_id, number);

-- What people agreed on while the monitor ran, in order: their fold is the book of windows and exclusions. Append-only;
-- each row is sealed to the one before it, and the newest hash is in the `config` records of the chain.
CREATE TABLE window_event (
    number  INTEGER PRIMARY KEY CHECK (number >= 1),           -- 1, 2, 3 ... without a gap
    plan_id TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,                                  -- when it was entered
    deed    TEXT NOT NULL,                                     -- window.book.Deed
    body    BLOB NOT NULL,                                     -- compact JSON of the event
    hash    BLOB NOT NULL CHECK (length(hash) = 32)
);
