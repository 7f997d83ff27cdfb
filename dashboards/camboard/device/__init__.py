"""One device: what is known of it, and why."""
