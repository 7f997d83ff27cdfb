"""Orders of work: photos, the way to drive, the channels that tell of them."""
