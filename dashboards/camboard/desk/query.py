"""What a reader of the incidents asked to see, read from the address and written back into it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from camboard.index import Index
from camboard.query import BadQuery, number
from camkeeper.model.incident import Cause
from camkeeper.standing.desk import IncidentView


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskQuery:
    """A choice of incidents, and which page of it."""

    site: str | None = None
    """A site's id: it and all below."""
    cause: Cause | None = None
    page: int = 1

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Self:
        """Read the parameters; unknown ones are left alone, unreadable ones raise BadQuery."""
        cause = params.get("cause", "")
        if cause and cause not in frozenset(Cause):
            raise BadQuery("cause")
        return cls(site=params.get("site") or None, cause=Cause(cause) if cause else None, page=number(params, "page"))

    def address(self, path: str = "/incidents", /, **changes: Any) -> str:
        """Return the address of this choice with `changes`; another filter starts at page one again."""
        if changes and "page" not in changes:
            changes["page"] = 1
        new = replace(self, **changes)
        pairs = (
            ("site", new.site),
            ("cause", new.cause.value if new.cause else None),
            ("page", new.page if new.page > 1 else None),
        )
        text = urlencode([(name, value) for name, value in pairs if value is not None])
        return f"{path}?{text}" if text else path

    def choose(self, index: Index, views: Iterable[IncidentView]) -> list[IncidentView]:
        """Return those incidents that the filters let through, in their order."""
        sites = None if self.site is None else index.subtree_by_id.get(self.site, frozenset({self.site}))
        return [
            view
            for view in views
            if (sites is None or not sites.isdisjoint(view.site_ids))
            and (self.cause is None or view.incident.cause is self.cause)
        ]
