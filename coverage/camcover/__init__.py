"""camcover: the geometry of what cameras see. Pure: it knows no clock, no I/O, and no camkeeper."""
