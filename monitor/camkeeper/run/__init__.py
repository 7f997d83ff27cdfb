"""The wiring of the monitor: `app.monitor` is the one function that puts the rooms together, top to bottom."""
