-- What cameras saw, by the hour. IF NOT EXISTS: files from before schema versions were kept may have some of it already.
CREATE TABLE IF NOT EXISTS coverage_series (
    series INTEGER PRIMARY KEY,
    site   TEXT NOT NULL,
    layer  TEXT NOT NULL,
    unit   TEXT NOT NULL,
    night  INTEGER NOT NULL CHECK (night IN (0, 1)),
    total  INTEGER NOT NULL,
    design INTEGER NOT NULL,
    basis  BLOB NOT NULL CHECK (length(basis) = 32),
    UNIQUE (site, layer, unit, night)
);
CREATE TABLE IF NOT EXISTS coverage_hour (
    start_ms INTEGER NOT NULL,
    series   INTEGER NOT NULL,
    lower    INTEGER NOT NULL CHECK (lower >= 0),
    upper    INTEGER NOT NULL CHECK (upper >= lower),
    worst    INTEGER NOT NULL,
    worst_ms INTEGER NOT NULL,
    PRIMARY KEY (start_ms, series)
) WITHOUT ROWID;
