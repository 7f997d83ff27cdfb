"""All devices: searched, narrowed, sorted, chosen for a step, and as a table to take away."""
