"""Which device is due when. Pure."""
