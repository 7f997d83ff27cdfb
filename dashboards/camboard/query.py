"""What a reader asked to see: filters and pages, read from the address and written back into it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

from camboard.index import Index
from camboard.words import State
from camkeeper.model.equipment import DeviceKind
from camkeeper.standing.view import DeviceStanding

T = TypeVar("T")

ALL = "all"
CAMERAS = "cameras"
OTHERS = "others"
KINDS = frozenset({ALL, CAMERAS, OTHERS, *(kind.value for kind in DeviceKind)})
MAX_SEARCH = 64
MAX_PAGE = 100_000


class BadQuery(ValueError):  # noqa: N818 - it reads as what it is
    """A parameter that can't be read; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(f"cannot read parameter {name!r}")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A choice of devices, and which page of it."""

    site: str | None = None
    """A site's id: it and all below."""
    status: State | None = None
    kind: str = CAMERAS
    """A device kind, or `cameras`, `others`, `all`."""
    search: str = ""
    page: int = 1
    tiles: int = 1
    """Page of the village tiles."""
    whole: bool = False
    """Every row, page by page; else only the first few as long as nothing is chosen."""

    @classmethod
    def read(cls, params: Mapping[str, str], *, kind: str = CAMERAS) -> Self:
        """Read the parameters; unknown ones are left alone, unreadable ones raise BadQuery."""
        status = params.get("status", "")
        asked_kind = params.get("kind", "") or kind
        if status and status not in frozenset(State):
            raise BadQuery("status")
        if asked_kind not in KINDS:
            raise BadQuery("kind")
        return cls(
            site=params.get("site") or None,
            status=State(status) if status else None,
            kind=asked_kind,
            search=params.get("q", "").strip()[:MAX_SEARCH],
            page=number(params, "page"),
            tiles=number(params, "tiles"),
            whole=params.get("rows") == "all",
        )

    @property
    def bare(self) -> bool:
        """Whether nothing was chosen of the devices: whoever comes to see how things are."""
        return not (self.whole or self.site or self.status or self.search or self.page > 1 or self.kind != CAMERAS)

    def address(self, path: str = "/", **changes: Any) -> str:
        """Return the address of this choice with `changes`; another filter starts at page one again."""
        if changes and "page" not in changes and "tiles" not in changes:
            changes["page"] = 1
        new = replace(self, **changes)
        pairs = (
            ("site", new.site),
            ("status", new.status.value if new.status else None),
            ("kind", None if new.kind == CAMERAS else new.kind),
            ("q", new.search or None),
            ("page", new.page if new.page > 1 else None),
            ("tiles", new.tiles if new.tiles > 1 else None),
            ("rows", "all" if new.whole else None),
        )
        text = urlencode([(name, value) for name, value in pairs if value is not None])
        return f"{path}?{text}" if text else path

    def choose(self, index: Index, devices: Iterable[DeviceStanding]) -> list[DeviceStanding]:
        """Return those devices that the filters let through, in their order."""
        sites = None if self.site is None else index.subtree_by_id.get(self.site, frozenset())
        needle = self.search.casefold()
        return [
            device
            for device in devices
            if (sites is None or device.site_id in sites)
            and (self.kind == ALL or self._kind_has(device.kind))
            and (self.status is None or State.of(device) is self.status)
            and (not needle or needle in f"{device.name}\n{device.id}\n{device.host}".casefold())
        ]

    def _kind_has(self, kind: DeviceKind) -> bool:
        if self.kind == CAMERAS:
            return kind.has_picture
        if self.kind == OTHERS:
            return not kind.has_picture
        return kind.value == self.kind


def number(params: Mapping[str, str], name: str, *, default: int = 1, most: int = MAX_PAGE) -> int:
    """Return a counting number from the parameters; BadQuery where it is none or too large."""
    text = params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadQuery(name)
    value = int(text)
    if not 1 <= value <= most:
        raise BadQuery(name)
    return value


def page_of(items: list[T], page: int, size: int) -> tuple[list[T], int, int]:
    """Return (the items of the page, the page shown, the number of pages); a page past the end shows the last."""
    pages = max(1, -(-len(items) // size))
    shown = min(page, pages)
    return items[(shown - 1) * size : shown * size], shown, pages
