"""The band of each key place, against the names of the chosen standard."""

from __future__ import annotations

from collections.abc import Mapping

from camcover.bands import DORI, OODPCVS, STANDARDS, names
from camkeeper.config.fault import Nearest, shown, shown_zh
from camkeeper.config.findings import Findings
from camkeeper.config.schema import KeyPlaceEntry

USUAL_BAND = {DORI: "observation", OODPCVS: "discern"}
"""What a key place wants that says nothing: enough to tell what somebody is doing."""


def check(key_places: Mapping[int, KeyPlaceEntry], standard: str, findings: Findings) -> None:
    """Add the faults of bands that `standard` has no name for."""
    known, nearest = names(standard), Nearest()
    for place, entry in key_places.items():
        band = entry.band
        if band is None or band in known:
            continue
        loc = ("key_places", place, "band")
        other = next((other for other, table in STANDARDS.items() if band in table), None)
        if other is not None:
            findings.fault(
                loc,
                zh=f"{band} 是 {other} 的档名；policy.coverage.standard 是 {standard}，有：{' '.join(known)}",
                en=f"{band} is a band of {other}; policy.coverage.standard is {standard} and has: {' '.join(known)}",
            )
        else:
            findings.fault(
                loc,
                zh=f"应为下列之一：{' '.join(known)}；不是{shown_zh(band)}",
                en=f"wants one of: {' '.join(known)}; not {shown(band)}",
                near=nearest.of(band, known),
            )
