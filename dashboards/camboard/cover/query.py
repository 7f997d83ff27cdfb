"""What a reader of the map asked to see, read from the address and written back into it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from camboard.query import BadQuery, number

_YES_OR_NO = {"": False, "0": False, "false": False, "1": True, "true": True}
MOST_FAILED = 64
"""So many may be supposed to fail at once; a whole line is one id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapQuery:
    """One site, by day or by night, and what is supposed to fail."""

    site: str | None = None
    """None: the lowest site that holds everything."""
    night: bool = False
    failed: tuple[str, ...] = ()
    """Ids of devices or links, sorted."""
    places: int = 1
    """Page of the key places."""
    sites: int = 1
    """Page of the sites below."""

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Self:
        """Read the parameters; unknown ones are left alone, unreadable ones raise BadQuery."""
        return cls(
            site=params.get("site") or None,
            night=night_of(params),
            failed=failed_of(params),
            places=number(params, "places"),
            sites=number(params, "sites"),
        )

    def address(self, path: str = "/map", /, **changes: Any) -> str:
        """Return the address of this choice with `changes`; another site or time starts at page one again."""
        if changes and "places" not in changes and "sites" not in changes:
            changes |= {"places": 1} if "site" not in changes else {"places": 1, "sites": 1}
        new = replace(self, **changes)
        pairs = (
            ("site", new.site),
            ("night", "1" if new.night else None),
            ("failed", ",".join(new.failed) or None),
            ("places", new.places if new.places > 1 else None),
            ("sites", new.sites if new.sites > 1 else None),
        )
        text = urlencode([(name, value) for name, value in pairs if value is not None])
        return f"{path}?{text}" if text else path


def night_of(params: Mapping[str, str]) -> bool:
    """Return whether `night` was asked for; BadQuery for anything but 0, 1, true, false."""
    return _flag(params, "night")


def far_of(params: Mapping[str, str]) -> bool:
    """Return whether `far` was asked for: what is drawn from so far away that fields of view are dots."""
    return _flag(params, "far")


def _flag(params: Mapping[str, str], name: str) -> bool:
    text = params.get(name, "").lower()
    if text not in _YES_OR_NO:
        raise BadQuery(name)
    return _YES_OR_NO[text]


def failed_of(params: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of `failed=ID,ID`, each once, sorted; BadQuery for too many."""
    ids = {part.strip() for part in params.get("failed", "").split(",")} - {""}
    if len(ids) > MOST_FAILED:
        raise BadQuery("failed")
    return tuple(sorted(ids))
