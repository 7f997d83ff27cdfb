"""Which devices a reader asked for, and in which order: read from the address and written back into it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, Self
from urllib.parse import urlencode

from camboard.index import Index
from camboard.query import ALL, CAMERAS, KINDS, MAX_SEARCH, OTHERS, BadQuery, number
from camboard.words import State
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.status import Reason
from camkeeper.standing.view import DeviceStanding

LIST = "/devices"
_LONGEST_ID = 200
_NEVER_MS = -1


class Order(StrEnum):
    """How rows are sorted."""

    WORST = "worst"
    RATE = "rate"
    GOOD = "good"
    LONGEST = "longest"
    PROBED = "probed"
    NAME = "name"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceQuery:
    """A choice of devices, its order, and which page of it."""

    site: str = ""
    status: State | None = None
    kind: str = ALL
    contractor: str = ""
    link: str = ""
    """All that hangs on it."""
    cause: Reason | None = None
    tag: str = ""
    """A label that it has."""
    search: str = ""
    order: Order = Order.WORST
    page: int = 1

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Self:
        """Read the parameters; unknown ones are left alone, unreadable ones raise BadQuery."""
        status, kind = params.get("status", ""), params.get("kind", "") or ALL
        cause, order = params.get("cause", ""), params.get("sort", "") or Order.WORST
        for name, text, known in (
            ("status", status, frozenset(State)),
            ("cause", cause, frozenset(Reason)),
            ("sort", order, frozenset(Order)),
            ("kind", kind, KINDS),
        ):
            if text and text not in known:
                raise BadQuery(name)
        for name in ("site", "contractor", "link", "tag"):
            if len(params.get(name, "")) > _LONGEST_ID:
                raise BadQuery(name)
        return cls(
            site=params.get("site", ""),
            status=State(status) if status else None,
            kind=kind,
            contractor=params.get("contractor", ""),
            link=params.get("link", ""),
            cause=Reason(cause) if cause else None,
            tag=params.get("tag", ""),
            search=params.get("q", "").strip()[:MAX_SEARCH],
            order=Order(order),
            page=number(params, "page"),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """Return the parameters that differ from nothing chosen."""
        pairs = (
            ("q", self.search),
            ("site", self.site),
            ("status", self.status.value if self.status else ""),
            ("kind", "" if self.kind == ALL else self.kind),
            ("contractor", self.contractor),
            ("link", self.link),
            ("cause", self.cause.value if self.cause else ""),
            ("tag", self.tag),
            ("sort", "" if self.order is Order.WORST else self.order.value),
            ("page", str(self.page) if self.page > 1 else ""),
        )
        return [(name, value) for name, value in pairs if value]

    def address(self, path: str = LIST, **changes: Any) -> str:
        """Return the address of this choice with `changes`; another filter starts at page one again."""
        if changes and "page" not in changes:
            changes["page"] = 1
        text = urlencode(replace(self, **changes).pairs())
        return f"{path}?{text}" if text else path

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return replace(self, order=Order.WORST, page=1) != DeviceQuery()

    def choose(self, index: Index) -> list[DeviceStanding]:
        """Return those devices that the filters let through, in the order asked for."""
        sites = index.subtree_by_id.get(self.site, frozenset()) if self.site else None
        needle = self.search.casefold()
        found = [
            device
            for device in index.ranked
            if (sites is None or device.site_id in sites)
            and self._kind_has(device.kind)
            and (self.status is None or State.of(device) is self.status)
            and (not self.contractor or device.contractor_id == self.contractor)
            and (not self.link or self.link in device.link_ids)
            and (self.cause is None or device.reason is self.cause)
            and (not self.tag or self.tag in device.tags)
            and (not needle or needle in _text(device))
        ]
        key = _KEYS.get(self.order)
        return found if key is None else sorted(found, key=key)

    def _kind_has(self, kind: DeviceKind) -> bool:
        if self.kind == ALL:
            return True
        if self.kind in {CAMERAS, OTHERS}:
            return kind.has_picture is (self.kind == CAMERAS)
        return kind.value == self.kind


def _text(device: DeviceStanding) -> str:
    facts = device.facts
    named = (device.name, device.id, device.host, facts.serial or "", facts.model or "", device.model, device.maker)
    return "\n".join((*named, *device.tags)).casefold()


def _share(ratio: Fraction | None) -> tuple[bool, Fraction]:
    """Put what was never measured behind what was."""
    return ratio is None, Fraction() if ratio is None else ratio


_KEYS: dict[Order, Callable[[DeviceStanding], Any]] = {
    Order.RATE: lambda d: (*_share(d.month.buckets.ratio), d.id),
    Order.GOOD: lambda d: (not d.kind.has_picture, *_share(d.month.buckets.good_ratio), d.id),
    Order.LONGEST: lambda d: (d.status.value == "up", d.since_ms is None, d.since_ms or 0, d.id),
    Order.PROBED: lambda d: (_NEVER_MS if d.last_sample_ms is None else d.last_sample_ms, d.id),
    Order.NAME: lambda d: (d.name, d.id),
    Order.SITE: lambda d: (d.site_id, d.name, d.id),
}
"""None for the worst first: that is the index's own order."""
