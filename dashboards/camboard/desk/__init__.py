"""The duty desk: incidents, what people do about them, the phone page."""
