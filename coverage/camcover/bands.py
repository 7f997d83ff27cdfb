"""Names for pixel densities: what a standard calls "enough to observe", "enough to recognise".

Densities are pixels a metre across the target, from IEC 62676-4:2014 (DORI) and its edition of 2025 (OODPCVS).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SEEN: Final = "seen"
"""In sight at any density; known to every standard."""

DORI: Final = "dori"
OODPCVS: Final = "oodpcvs"

STANDARDS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        DORI: MappingProxyType({"detection": 25.0, "observation": 62.5, "recognition": 125.0, "identification": 250.0}),
        OODPCVS: MappingProxyType(
            {
                "overview": 20.0,
                "outline": 40.0,
                "discern": 80.0,
                "perceive": 125.0,
                "characterise": 250.0,
                "validate": 500.0,
                "scrutinise": 1500.0,
            }
        ),
    }
)


class BandError(ValueError):
    """A band or a standard that nobody defined; the message lists what there is."""


def names(standard: str = DORI) -> tuple[str, ...]:
    """Return the bands of `standard`, from the coarsest; `BandError` where there is no such standard."""
    try:
        return (SEEN, *STANDARDS[standard])
    except KeyError:
        raise BandError(f"no standard {standard!r}; there are {', '.join(STANDARDS)}") from None


def px_per_m(band: str, standard: str = DORI) -> float:
    """Return the density that `band` asks for; a name of the other standard keeps that one's meaning.

    >>> px_per_m("observation"), px_per_m("discern"), px_per_m("seen")
    (62.5, 80.0, 0.0)
    """
    known = names(standard)
    if band == SEEN:
        return 0.0
    for table in (STANDARDS[standard], *STANDARDS.values()):
        if band in table:
            return table[band]
    others = (name for table in STANDARDS.values() for name in table)
    raise BandError(f"no band {band!r}; there are {', '.join(dict.fromkeys((*known, *others)))}")
