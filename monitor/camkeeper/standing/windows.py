"""Frozen values of agreed windows, for showing and for acting: now, coming, past, and everything that was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from camkeeper.model.contract import WindowKind
from camkeeper.model.span import Span
from camkeeper.window.book import WindowEvent
from camkeeper.window.plan import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView:
    """One window: an agreement, or one time of one that comes again."""

    id: str
    plan_id: str
    kind: WindowKind
    span: Span
    reason: str
    approver: str = ""
    evidence: Document | None = None
    evidence_text: str = ""
    """Where there is no file: as the configuration has it."""
    by: str = ""
    """Who entered it; empty where the configuration did."""
    entered_ms: int | None = None
    late: bool = False
    """Entered after it had begun."""
    rule: str = ""
    """As an RRULE's value, where it comes again."""
    site_ids: tuple[str, ...] = ()
    device_ids: tuple[str, ...] = ()
    link_ids: tuple[str, ...] = ()
    everything: bool = False
    devices: int
    """Covered; those behind a link or below a site counted, too."""
    cameras: int
    counted_out_ms: int
    """Camera-milliseconds that the deciding rule leaves out; 0 where it does not exclude this kind."""
    may_end: bool = False
    may_withdraw: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsStanding:
    """Agreed windows at one instant."""

    at_ms: int
    tz: str
    policy: str
    """Name and version of the rule that decides."""
    now: tuple[WindowView, ...] = ()
    coming: tuple[WindowView, ...] = ()
    """In the next 62 days, soonest first."""
    past: tuple[WindowView, ...] = ()
    """Of the last 62 days, newest first."""
    audit: tuple[WindowEvent, ...] = ()
    """Every deed, newest first."""
    unreadable: bool = False
    """What people agreed on cannot be read: nothing of it counts, and nothing is entered."""


class WindowAction(StrEnum):
    """What a person may do about windows."""

    ADD = "add"
    END = "end"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAct:
    """Somebody's deed."""

    action: WindowAction
    by: str
    plan_id: str = ""
    """Of `END` and `WITHDRAW`."""
    text: str = ""
    """Why, of `END` and `WITHDRAW`."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Of `ADD`: `camkeeper.window.request.FIELDS`."""
    file_name: str = ""
    file: bytes | None = None
    """Of `ADD`: the evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowActed:
    """What became of it: done and on disk, or refused with a sentence in both languages."""

    done: bool
    zh: str = ""
    en: str = ""
    plan_id: str = ""
