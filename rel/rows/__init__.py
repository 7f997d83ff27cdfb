"""The rows of the scorecard, in its order; each in a module of its name that holds one `ROW`."""

from __future__ import annotations

import importlib

from rel.row import Row

NAMES = (
    "load",
    "dead",
    "kill9",
    "power",
    "ioerr",
    "diskfull",
    "bitflip",
    "clock",
    "influx",
    "uplink",
    "alert",
    "flap",
    "fuzz",
    "hostile",
    "lockout",
    "authz",
    "sla",
    "soak",
)


def row(name: str) -> Row:
    """Return the row of that name.

    Raises
    ------
    KeyError
        There is no such row.
    """
    if name not in NAMES:
        raise KeyError(name)
    made = importlib.import_module(f"rel.rows.{name}").ROW
    assert isinstance(made, Row)
    return made
