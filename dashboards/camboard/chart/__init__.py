"""A rate over time: as a table for everybody, drawn from that table where there is a script."""
