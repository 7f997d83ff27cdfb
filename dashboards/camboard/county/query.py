"""What a reader of the county asked to see: read from the address and written back into it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import quote, urlencode

from camboard.query import MAX_SEARCH, BadQuery, number
from camkeeper.hub.view import TownState

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])\Z", re.ASCII)


def month_in(params: Mapping[str, str]) -> str | None:
    """Return the month asked for; BadQuery for a text that is none."""
    text = params.get("month", "")
    if text and not _MONTH.match(text):
        raise BadQuery("month")
    return text or None


def town_address(edge_id: str, *, month: str | None = None, **more: object) -> str:
    """Return the address of a town's page."""
    return _with(f"/towns/{quote(edge_id, safe='')}", {"month": month, **more})


def why_address(edge_id: str, *, month: str | None = None, **more: object) -> str:
    """Return the address of what is behind a town's, site's or camera's figure."""
    return _with(f"/towns/{quote(edge_id, safe='')}/why", {"month": month, **more})


def _with(path: str, pairs: Mapping[str, object]) -> str:
    text = urlencode([(name, value) for name, value in pairs.items() if value is not None and value != ""])
    return f"{path}?{text}" if text else path


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyQuery:
    """A choice of towns, and which page of it."""

    month: str | None = None
    """None: this month."""
    state: TownState | None = None
    search: str = ""
    page: int = 1

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Self:
        """Read the parameters; unknown ones are left alone, unreadable ones raise BadQuery."""
        state = params.get("state", "")
        if state and state not in frozenset(TownState):
            raise BadQuery("state")
        return cls(
            month=month_in(params),
            state=TownState(state) if state else None,
            search=params.get("q", "").strip()[:MAX_SEARCH],
            page=number(params, "page"),
        )

    def address(self, path: str = "/", **changes: Any) -> str:
        """Return the address of this choice with `changes`; another filter starts at page one again."""
        if changes and "page" not in changes:
            changes["page"] = 1
        new = replace(self, **changes)
        return _with(
            path,
            {
                "month": new.month,
                "state": new.state.value if new.state else None,
                "q": new.search or None,
                "page": new.page if new.page > 1 else None,
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TownQuery:
    """A month of a town, one of its sites, and which page of its cameras."""

    month: str | None = None
    site: str = ""
    device: str = ""
    page: int = 1

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Self:
        """Read the parameters; BadQuery for unreadable ones."""
        return cls(
            month=month_in(params),
            site=params.get("site", "")[:MAX_SEARCH],
            device=params.get("device", "")[:MAX_SEARCH],
            page=number(params, "page"),
        )
