-- Hours of one figure lie together. What was summed is kept.
ALTER TABLE coverage_hour RENAME TO coverage_hour_before;
CREATE TABLE coverage_hour (
    start_ms INTEGER NOT NULL,
    series   INTEGER NOT NULL,
    lower    INTEGER NOT NULL CHECK (lower >= 0),
    upper    INTEGER NOT NULL CHECK (upper >= lower),
    worst    INTEGER NOT NULL,
    worst_ms INTEGER NOT NULL,
    PRIMARY KEY (series, start_ms)
) WITHOUT ROWID;
INSERT INTO coverage_hour SELECT start_ms, series, lower, upper, worst, worst_ms FROM coverage_hour_before;
DROP TABLE coverage_hour_before;
