"""The wiring of the monitor, top to bottom."""
