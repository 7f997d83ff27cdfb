"""What answers amount to. Pure folds: no clock, no I/O.

`ladder` turns a probe's rungs into a sample; `fold` turns samples into dated transitions.
"""
