"""How the board is reached, as configured. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSetting:
    """PEM files, from the configuration's folder."""

    certificate: str
    """The board's own first, then whatever leads to an authority that browsers know."""
    key: str
