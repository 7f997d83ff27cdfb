"""若此失效: what can be supposed to fail, and what would darken then. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from camboard.cover.amount import FORGIVEN, amount
from camboard.cover.darkness import Dark
from camboard.cover.query import MapQuery
from camboard.cover.rows import layer_word
from camboard.cover.words import LINK
from camboard.device.way import device_address
from camboard.i18n import Language
from camboard.index import Index
from camboard.text import plain
from camkeeper.standing.coverage import CoverageMap, Darkness, LayerCover, Unit

_MOST_OFFERED = 200
_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a reader may choose, by kind; whatever is on the map can be clicked too."""

    groups: tuple[tuple[str, tuple[tuple[str, str, bool], ...]], ...]
    """(kind, ((id, name, chosen), ...)), from the pole up to the operator, then single cameras."""
    left_out: int
    """So many more have no room in a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What would darken beyond what is dark already."""

    names: str
    devices: tuple[tuple[str, str], ...]
    """(name, address of its page) of the cameras among them."""
    cameras: int
    """Cameras that would go dark and haven't yet."""
    losses: tuple[tuple[str, str], ...]
    """(layer, amount); whatever loses nothing is left out."""
    places: tuple[str, ...]
    """Key places that would see less, by name."""
    places_more: int
    nothing: bool
    off: str


def options(chart: CoverageMap, index: Index, site_id: str, query: MapQuery, say: Language) -> Options:
    """Return links and cameras of the site, the ones with most cameras first."""
    inside = index.subtree_by_id.get(site_id, frozenset({site_id}))
    cameras = {field.device_id for field in chart.fields if field.site_id in inside}
    chosen = frozenset(query.failed)
    groups: list[tuple[str, tuple[tuple[str, str, bool], ...]]] = []
    room, left_out = _MOST_OFFERED, 0
    links = [(link, len(cameras.intersection(link.camera_ids))) for link in chart.links]
    for kind, word in reversed(LINK.items()):
        own = sorted(
            ((n, link) for link, n in links if n and link.kind is kind), key=lambda each: (-each[0], each[1].id)
        )
        kept = own[:room]
        room -= len(kept)
        left_out += len(own) - len(kept)
        if kept:
            groups.append(
                (say(word), tuple((link.id, f"{plain(link.name)} ({n})", link.id in chosen) for n, link in kept))
            )
    single = sorted(cameras)
    kept_cameras = single[: max(room, 0)] if len(single) <= _MOST_OFFERED else []
    left_out += len(single) - len(kept_cameras)
    if kept_cameras:
        groups.append((say("摄像机"), tuple((i, _name(i, index), i in chosen) for i in kept_cameras)))
    return Options(groups=tuple(groups), left_out=left_out)


def _name(device_id: str, index: Index) -> str:
    device = index.device_by_id.get(device_id)
    return plain(device.name if device else device_id)


def what_if(dark: Dark, chart: CoverageMap, index: Index, query: MapQuery, say: Language) -> WhatIf | None:
    """Return what would darken; None where nothing is supposed to fail."""
    supposed = dark.supposed
    if supposed is None:
        return None
    links = {link.id: link.name for link in chart.links}
    words = [plain(links[i]) if i in links else _name(i, index) for i in query.failed]
    losses = _losses(dark.now, supposed, say)
    places = _places(dark.now, supposed)
    devices = tuple((_name(i, index), device_address(i)) for i in query.failed if i in index.device_by_id)
    return WhatIf(
        devices=devices[:_NAMED],
        names=("、" if say.code == "zh" else ", ").join(words[:_NAMED]),
        cameras=len(set(supposed.cameras_dark) - set(dark.now.cameras_dark)),
        losses=losses,
        places=places[:_NAMED],
        places_more=max(0, len(places) - _NAMED),
        nothing=not losses and not places,
        off=query.address(failed=()),
    )


def _losses(now: Darkness, supposed: Darkness, say: Language) -> tuple[tuple[str, str], ...]:
    before = {(each.layer, each.cover.unit): each for each in now.layers}
    out = []
    for each in supposed.layers:
        old = before.get((each.layer, each.cover.unit))
        more = _upper(old, each) - each.cover.upper
        if more > FORGIVEN * max(1.0, each.cover.total):
            unit = say("%(n)s 处", n=amount(more, Unit.COUNT, lost=True))
            text = unit if each.cover.unit is Unit.COUNT else amount(more, each.cover.unit, lost=True)
            out.append((layer_word(each.layer, say), text))
    return tuple(out)


def _upper(old: LayerCover | None, new: LayerCover) -> float:
    return new.cover.design if old is None else old.cover.upper


def _places(now: Darkness, supposed: Darkness) -> tuple[str, ...]:
    before = {each.id: each.cover.upper for each in now.places}
    return tuple(
        plain(each.name)
        for each in supposed.places
        if before.get(each.id, each.cover.design) - each.cover.upper > FORGIVEN * max(1.0, each.cover.total)
    )
