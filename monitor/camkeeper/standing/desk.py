"""Frozen values of the duty desk, for showing and for acting: incidents, their work orders, letters not delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from camkeeper.model.incident import Incident, IncidentEvent
from camkeeper.model.workorder import OrderEvent, Photo, Signature, WorkOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """One incident with what a person wants beside it."""

    incident: Incident
    order: WorkOrder | None
    site_ids: tuple[str, ...]
    """Smallest sites that hold its devices."""
    respond_by_ms: int | None
    repair_by_ms: int | None
    overdue: bool
    children: tuple[str, ...] = ()
    """Incidents that this one suppresses."""
    letters: int = 0
    """Sent about it."""
    undelivered: int = 0
    name: str = ""
    """The fault domain's: the pole, the switch, the device. Empty: its id is all there is to show."""
    position: str = ""
    """Where to go, in words."""
    contractor: str = ""
    """Name of who is to repair it."""
    contact: str = ""
    """Whom to call."""
    phone: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the devices, links and sites that its evidence speaks of, and of the contractors, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A letter that no channel took."""

    id: str
    incident_id: str
    channel_id: str
    subject: str
    created_ms: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskStanding:
    """The desk at one instant."""

    at_ms: int
    open: tuple[IncidentView, ...]
    """Gravest first, then oldest; held ones are not here."""
    recent: tuple[IncidentView, ...]
    """Resolved in the last seven days, newest first."""
    orders: tuple[WorkOrder, ...]
    """Live ones, overdue first."""
    dead_letters: tuple[DeadLetter, ...]
    waiting_letters: int
    checked_ms: int
    """When transitions were last looked at: an empty list is no silence."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the contractors, and of the fault domains of live orders, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStory:
    """Everything that happened to one incident and its order, oldest first."""

    view: IncidentView
    events: tuple[IncidentEvent, ...]
    steps: tuple[OrderEvent, ...]
    message_zh: str = ""
    """What is told of it now, or was told last; as a channel without markup gets it."""
    message_en: str = ""
    phone_token: str = ""
    """Of the page that its letters lead to, while that is found: whoever has it may act."""


class Action(StrEnum):
    """What a person may do at the desk or from the phone page."""

    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    ON_SITE = "on_site"
    REPAIRED = "repaired"
    NOTE = "note"
    ASSIGN = "assign"  # to another contractor
    PHOTO = "photo"
    SIGN = "sign"  # the end of a round
    CANCEL = "cancel"
    MERGE = "merge"  # an incident into another
    UNMERGE = "unmerge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Somebody's step. `incident_id` or `order_number` says on what."""

    action: Action
    by: str
    incident_id: str | None = None
    order_number: int | None = None
    text: str = ""
    contractor_id: str = ""
    """Of `ASSIGN`."""
    into_id: str = ""
    """Of `MERGE`: the incident that goes on."""
    photo: Photo | None = None
    """Of `PHOTO`: its file is kept already."""
    signature: Signature | None = None
    """Of `SIGN`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What became of it: done and on disk, or refused with a sentence in both languages."""

    done: bool
    zh: str = ""
    en: str = ""
