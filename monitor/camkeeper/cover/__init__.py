"""Coverage of a township: from its register and obstacles to amounts, now and over time. Pure: no clock, no I/O."""
