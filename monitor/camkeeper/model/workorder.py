"""Work orders 工单: a repair or an inspection, who did what when, and the probe's proof.

Frozen values; `camkeeper.workorder` folds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from camkeeper.model.incident import Cause, Domain
from camkeeper.model.service import Terms
from camkeeper.model.status import Status

PROBE = "probe"
"""`by` of steps that nobody took: the monitor's own word."""


class OrderKind(StrEnum):
    """What is to be done."""

    REPAIR = "repair"
    INSPECTION = "inspection"  # 巡检: a round that comes again by the calendar


class OrderState(StrEnum):
    """How far an order is."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_SITE = "on_site"
    REPAIRED = "repaired"  # somebody says so; the probe is watching
    VERIFIED = "verified"  # the probe says so
    SIGNED = "signed"  # an inspection's end, in place of proof
    CLOSED = "closed"
    MERGED = "merged"
    CANCELLED = "cancelled"

    @property
    def live(self) -> bool:
        """True while somebody still has to do something, or the probe is watching."""
        return self not in _FINISHED


_FINISHED = frozenset({OrderState.CLOSED, OrderState.MERGED, OrderState.CANCELLED})


class Step(StrEnum):
    """What happens to an order."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_SITE = "on_site"
    REPAIRED = "repaired"
    VERIFIED = "verified"
    CLOSED = "closed"
    REOPENED = "reopened"
    GREW = "grew"  # more devices fell to the same fault
    LEFT = "left"  # devices whose fault turned out to be another one, with an order of its own
    NOTED = "noted"  # spare parts, or what else is worth knowing
    PHOTO = "photo"
    SIGNED = "signed"
    MERGED = "merged"
    CANCELLED = "cancelled"


class Why(StrEnum):
    """Why an order was reopened or cancelled."""

    RELAPSED = "relapsed"  # up after the repair, and down again before it was proven
    NOT_RESTORED = "not_restored"  # said to be repaired, never came up
    RELAPSED_LATER = "relapsed_later"  # down again within the days of warranty
    RECOVERED_ALONE = "recovered_alone"  # up again before anybody had accepted
    BY_HAND = "by_hand"  # somebody decided it and says why in `text`


class Refusal(StrEnum):
    """Why a step was not taken. The book is as it was."""

    NO_SUCH_ORDER = "no_such_order"
    WRONG_NUMBER = "wrong_number"  # numbers are given in turn and never again
    CODE_TAKEN = "code_taken"
    NO_CODE_LEFT = "no_code_left"
    OUT_OF_TURN = "out_of_turn"
    ALREADY_DONE = "already_done"  # a second tap on the same button
    FINISHED = "finished"
    WRONG_KIND = "wrong_kind"
    NOBODY = "nobody"  # a step wants to know who
    OUT_OF_TIME = "out_of_time"  # dated before the order's last step
    NOT_THE_PROBE = "not_the_probe"  # only the probe verifies
    TOO_LATE = "too_late"  # past the days of warranty: a new order
    NO_REASON = "no_reason"
    INCOMPLETE = "incomplete"  # a step without what it is about
    UNSIGNED = "unsigned"
    UNANSWERED = "unanswered"  # an item of the checklist has no finding, or a bad one no note
    INTO_ITSELF = "into_itself"
    TOO_MANY_PHOTOS = "too_many_photos"
    PHOTO_TOO_LARGE = "photo_too_large"
    PHOTO_EMPTY = "photo_empty"
    NOT_A_PHOTO = "not_a_photo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture of the repair: opaque. It was never decoded; its type is what its first bytes say."""

    digest: str
    """SHA-256 of its bytes, hexadecimal; also the name of its file."""
    size_bytes: int
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answered item of a checklist."""

    item: str
    good: bool
    note: str = ""
    """What is wrong; wanted where it is not good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who vouches for an inspection, and for what."""

    name: str
    unit: str = ""
    digest: str = ""
    """SHA-256 of a drawn signature's file, if there is one."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """A device as it was when an order took it in."""

    device_id: str
    status: Status
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an order is about."""

    kind: OrderKind = OrderKind.REPAIR
    domain: Domain | None = None
    """The fault domain; None for an inspection."""
    cause: Cause | None = None
    site_ids: tuple[str, ...] = ()
    """Where to go."""
    round_key: str = ""
    """`ROUND@LOCAL-START` of an inspection: the same occurrence is never opened twice."""
    due_ms: int | None = None
    """When an inspection is to be signed."""
    checklist: tuple[str, ...] = ()
    name: str = ""
    """Of an inspection, as it was called when it was opened."""
    device_ids: tuple[str, ...] = ()
    """What an inspection looks at; empty: everything there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """One dated step of one order, and whatever belongs to it. What the ledger keeps."""

    number: int
    at_ms: int
    step: Step
    by: str
    """Who: a user, a contact, or `PROBE`."""
    text: str = ""
    """Spare parts, a note, a reason in words."""
    why: Why | None = None
    subject: Subject | None = None
    """Of `OPENED`; of `GREW` where the fault is now known to lie elsewhere."""
    terms: Terms | None = None
    """Of `OPENED`; of `GREW` where a faster answer is owed now, of `REOPENED` where the contract has changed."""
    code: str = ""
    """Of `OPENED` and `REOPENED`: four digits."""
    incident_id: str = ""
    """Of `OPENED`, `REOPENED` and `GREW`."""
    devices: tuple[Faulty, ...] = ()
    """Of `OPENED`, `REOPENED`, `GREW` and `LEFT`."""
    contractor_id: str = ""
    """Of `ASSIGNED`."""
    photo: Photo | None = None
    signature: Signature | None = None
    into: int | None = None
    """Of `MERGED`: the order that goes on."""
    restored_ms: int | None = None
    """Of `VERIFIED`: since when, by the probe, everything is up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the probe says of one device of an order."""

    status: Status
    since_ms: int
    fault: Status
    """What it had when the order took it in: DOWN, or DEGRADED for a bad picture or a refused login."""
    restored_ms: int | None = None
    """First up since it was last as bad as `fault`; silence and blindness do not take it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """From a fault to its restoration; a relapse after closing begins another."""

    began_ms: int
    terms: Terms
    terms_ms: int
    """From when the terms count: later than `began_ms` where the fault grew into one that wants a faster answer."""
    accepted_ms: int | None = None
    restored_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """One order as it stands: the fold of its `history`, and what the probe says of its devices."""

    number: int
    code: str
    state: OrderState
    subject: Subject
    cycle: Cycle
    past: tuple[Cycle, ...] = ()
    """Finished cycles, oldest first."""
    incident_ids: tuple[str, ...] = ()
    devices: Mapping[str, Watched] = field(default_factory=dict)
    contractor_id: str = ""
    claimed_ms: int | None = None
    """When somebody said that it is repaired; None where only the probe says so."""
    closed_ms: int | None = None
    """When it was closed, merged or cancelled."""
    why: Why | None = None
    """Of the last reopening or cancellation."""
    merged_into: int | None = None
    photos: tuple[Photo, ...] = ()
    signature: Signature | None = None
    history: tuple[OrderEvent, ...] = ()

    @property
    def id(self) -> str:
        """`WO-0931`."""
        return f"WO-{self.number:04d}"

    @property
    def kind(self) -> OrderKind:
        """Repair or inspection."""
        return self.subject.kind

    @property
    def terms(self) -> Terms:
        """What holds for the running cycle."""
        return self.cycle.terms

    @property
    def opened_ms(self) -> int:
        """When the first cycle began."""
        return self.past[0].began_ms if self.past else self.cycle.began_ms

    @property
    def last_ms(self) -> int:
        """When the last step was taken."""
        return self.history[-1].at_ms

    @property
    def all_up_since_ms(self) -> int | None:
        """Since when all devices are up without a break; None while any is not, or there is none."""
        if not self.devices or any(w.status is not Status.UP for w in self.devices.values()):
            return None
        return max(w.since_ms for w in self.devices.values())

    @property
    def restored_ms(self) -> int | None:
        """When the last of its devices came back; None while any is as bad as it was, or there is none.

        What was reopened by hand is not the probe's to see: there it is when somebody said that it is repaired.
        """
        if self.why is Why.BY_HAND:
            return self.claimed_ms
        times = [w.restored_ms for w in self.devices.values()]
        known = [t for t in times if t is not None]
        return max(known) if known and len(known) == len(times) else None
