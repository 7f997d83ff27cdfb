"""Repairs that close by proof. Pure folds: no clock, no I/O.

`book` folds steps into work orders (`law` is the table of them), `react` turns what happens to incidents into steps,
`proof` has the probe's word on a repair, `deadline` says by when, `figures` how long it took, `inspection` makes rounds
due, `priority` and `route` say what to repair first and how to get there.
"""
