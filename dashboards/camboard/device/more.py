"""What stands below a device's state: its thirty days, what changed today, what it says of itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from camboard.devices.days import Days, days_of
from camboard.devices.view import tag_links
from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.text import local, plain
from camboard.why.buckets import ABSENT
from camboard.why.link import why_address
from camboard.words import SHAPE, STATE, State
from camkeeper.standing.past import Past
from camkeeper.standing.view import DeviceStanding

_CHANGES_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One change of the last day."""

    at: str
    tone: str
    shape: str
    word: str
    lasting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """The second part of a device's page."""

    days: Days | None
    changes: tuple[Changed, ...]
    """Newest first."""
    changes_total: int
    facts: tuple[tuple[str, str, str, bool], ...]
    """(what, as registered, as answered, whether they contradict)."""
    tags: tuple[tuple[str, str], ...]
    """(label, address of all devices that have it)."""
    why_month: str
    why_today: str


def more(device: DeviceStanding, index: Index, past: Past | None, say: Language) -> More:
    """Write it for one reader."""
    standing = index.standing
    zone = ZoneInfo(standing.timezone)
    today = f"{local(standing.at_ms, zone):%Y-%m-%d}"
    changes = tuple(_changes(device, zone, say))[::-1]
    return More(
        days=days_of(device, past, standing.at_ms, say),
        changes=changes[:_CHANGES_SHOWN],
        changes_total=len(changes),
        facts=tuple(_facts(device, say)),
        tags=tag_links(device),
        why_month=why_address(device_id=device.id, month=today[:7]),
        why_today=why_address(device_id=device.id, first_day=today),
    )


def _changes(device: DeviceStanding, zone: ZoneInfo, say: Language) -> Iterator[Changed]:
    for before, after in pairwise(device.strip):
        if before.status is after.status:
            continue
        state = None if after.status is None else State(after.status.value)
        yield Changed(
            at=f"{local(after.span.start_ms, zone):%m-%d %H:%M:%S}",
            tone="none" if state is None else state.value,
            shape="–" if state is None else SHAPE[state],
            word=say(ABSENT) if state is None else say(STATE[state]),
            lasting=span_words(after.span.length_ms, say),
        )


def _facts(device: DeviceStanding, say: Language) -> Iterator[tuple[str, str, str, bool]]:
    facts = device.facts
    for word, registered, answered in (
        (say("厂商"), device.maker, facts.manufacturer or ""),
        (say("型号"), device.model, facts.model or ""),
        (say("固件"), "", facts.firmware or ""),
        (say("序列号"), "", facts.serial or ""),
    ):
        if registered or answered:
            # Makers write their own names in many ways: only what shares no word at all is told.
            ours, theirs = registered.casefold(), answered.casefold()
            other = bool(ours and theirs and ours not in theirs and theirs not in ours)
            yield word, plain(registered), plain(answered), other
