"""Coverage inside the monitor: built beside it, told like every other change, and never in its way."""
