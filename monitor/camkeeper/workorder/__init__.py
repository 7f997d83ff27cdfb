"""Repairs that close by proof. Pure folds: no clock, no I/O.

`book` folds steps into work orders, `react` turns what happens to incidents into steps, `proof` has the probe's word on a
repair, `terms` says by when, `figures` how long it took, `inspection` makes rounds due, `route` says what to repair first.
"""
