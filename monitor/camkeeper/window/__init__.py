"""Agreed spans that come again. Pure: no clock, no I/O.

`rule` reads a recurrence rule and refuses what no maintenance looks like, `occur` expands one in a local zone, `plan`
makes `camkeeper.model.contract.Window`s of it, `ics` writes calendars and `ics_read` reads them.
"""
