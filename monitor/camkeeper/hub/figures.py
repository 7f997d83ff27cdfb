"""A county's month: the sum of its edges' device time, in integers. Never a mean of percentages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camkeeper.availability.buckets import Buckets, truncated_percent
from camkeeper.ledger import LedgerError
from camkeeper.model.place import SiteKind
from camkeeper.run.sla import sla
from camkeeper.standing.export import buckets_json


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFigure:
    """One edge's month under the policy that decides there."""

    edge_id: str
    name: str
    policy: str
    net: Buckets
    gross: Buckets
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyFigure:
    """All edges' month."""

    month: str
    edges: tuple[EdgeFigure, ...]
    missing: tuple[str, ...]
    """Edges whose copy says nothing of the month: their time is in no sum, and is told so."""

    @property
    def net(self) -> Buckets:
        """Agreed windows left out."""
        return sum((edge.net for edge in self.edges), Buckets())

    @property
    def gross(self) -> Buckets:
        """Agreed windows counted like any time."""
        return sum((edge.gross for edge in self.edges), Buckets())

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "month": self.month,
            "missing": list(self.missing),
            "net": _told(self.net),
            "gross": _told(self.gross),
            "edges": [
                {
                    "edge": e.edge_id,
                    "name": e.name,
                    "policy": e.policy,
                    "verdict": e.verdict,
                    "net": _told(e.net),
                    "gross": _told(e.gross),
                }
                for e in self.edges
            ],
        }


def county(copies: Mapping[str, Path], *, month: str, now_ms: int) -> CountyFigure:
    """Read every copy; for a thread. ValueError for a month that is none.

    An edge that fell silent is counted as far as it told, and as unknown from there on.
    """
    found, missing = [], []
    for edge_id, path in sorted(copies.items()):
        try:
            found.append(_edge(edge_id, sla(path, month=month, site_id=None, policy=None, now_ms=now_ms)))
        except (LedgerError, OSError, LookupError):
            missing.append(edge_id)
    return CountyFigure(month=month, edges=tuple(found), missing=tuple(missing))


def _edge(edge_id: str, told: Mapping[str, Any]) -> EdgeFigure:
    root, policy = told["sites"][0], told["deciding_policy"]
    # A township's own register often begins at its city: known by its town, counted from the top.
    towns = [site["name"] for site in told["sites"] if site["kind"] == SiteKind.TOWN]
    figure = root["figures"][policy]
    return EdgeFigure(
        edge_id=edge_id,
        name=towns[0] if len(towns) == 1 else root["name"],
        policy=policy,
        net=Buckets(**figure["net"]["time"]),
        gross=Buckets(**figure["gross"]["time"]),
        verdict=figure["net"]["verdict"],
    )


def _told(buckets: Buckets) -> dict[str, Any]:
    return {
        "time": buckets_json(buckets),
        "percent": {
            "ratio": truncated_percent(buckets.ratio),
            "lower": truncated_percent(buckets.lower),
            "upper": truncated_percent(buckets.upper),
            "completeness": truncated_percent(buckets.completeness),
        },
    }


def figure_cells(buckets: Buckets) -> list[str]:
    """Return the four percentages as people read them."""
    shares = (buckets.ratio, buckets.lower, buckets.upper, buckets.completeness)
    return ["未测得 -" if (text := truncated_percent(share)) is None else f"{text}%" for share in shares]
