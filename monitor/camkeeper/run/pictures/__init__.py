"""Pictures inside the monitor: from a snapshot's bytes to what is proved of a camera, and what is kept."""
