"""Can *we* see? The monitor's judgement of itself: its uplinks and its event loop.

When it cannot see, devices are unknown, not down.
"""
