"""Frozen values of the pictures, for showing: what each camera's picture amounts to now, and who may look at one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from camkeeper.model.picture import BaselineInfo, Context, Drift, Finding, PictureVerdict
from camkeeper.model.probing import Rung, Verdict
from camkeeper.model.view import ViewRecord as ViewRecord  # noqa: PLC0414 - the board asks for it here


@dataclass(frozen=True, slots=True, kw_only=True)
class Aimed:
    """Where a camera points by its picture, against the register. Degrees clockwise from north."""

    planned_deg: float
    measured_deg: float
    error_deg: float
    """Half-width of the 95% interval of what was measured; the register's own error is not in it."""
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAt:
    """A whole picture that is kept for a while."""

    at_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """One camera's picture now."""

    device_id: str
    looked_ms: int | None
    """When its newest snapshot was fetched; None: none was looked at yet."""
    context: Context | None
    verdict: PictureVerdict | None
    """Of that one snapshot: not yet proved."""
    advisory: tuple[str, ...] = ()
    finding: Finding | None = None
    """What is proved, and counts."""
    baselines: tuple[BaselineInfo, ...] = ()
    """The newest of each context."""
    learnt: Mapping[Context, int] = field(default_factory=dict)
    """Healthy looks gathered so far, by context."""
    aimed: Aimed | None = None
    drift: Drift | None = None
    """The newest point of its clock's history."""
    has_thumbnail: bool = False
    good_ms: int | None = None
    """When a picture of it was last found healthy, as far back as this monitor remembers."""
    may_ask: bool = False
    """Its site lets whole pictures be looked at on request."""
    kept: KeptAt | None = None
    """The whole picture that was asked for, while it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureStanding:
    """All pictures at one instant."""

    at_ms: int
    cameras: Mapping[str, PictureView]
    learn_frames: int
    """Healthy looks that a baseline needs."""
    diagnosed: int = 0
    """Since the monitor started."""
    verdicts: Mapping[PictureVerdict, int] = field(default_factory=dict)
    """The same, by what they showed."""
    failed: int = 0
    """Snapshots that could not be examined, by our fault."""
    dropped: int = 0
    """Snapshots that a newer one overtook before they were looked at."""
    crashed: int = 0
    """Times that the decoding process died."""
    waiting: int = 0
    weather_site_ids: tuple[str, ...] = ()
    """Where all pictures are poor at once: weather, nobody's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRequest:
    """Somebody wants to see a picture; nothing is shown before this is on record."""

    who: str
    unit: str
    why: str
    device_id: str
    incident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A blurred JPEG of at most 160 x 90 that was taken when an alarm was raised."""

    device_id: str
    at_ms: int
    """When the picture was taken: never shown as live."""
    verdict: PictureVerdict
    jpeg: bytes = field(repr=False)
    expires_ms: int


class Getting(StrEnum):
    """How far a whole picture is that somebody asked for."""

    WAITING = "waiting"
    TAKEN = "taken"
    NONE = "none"  # the camera gave none in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What became of a request for a whole picture."""

    state: Getting
    kept: KeptAt | None = None
    rung: Rung | None = None
    """Which rung of the camera's ladder says why there is none; None: nothing answered in time, or nothing is wrong."""
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was taken, or why not in both languages."""

    at_ms: int | None
    """None: not taken."""
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FullPicture:
    """A whole picture, for whoever is on record as looking at it."""

    device_id: str
    at_ms: int
    """When the camera gave it: never shown as live."""
    expires_ms: int
    jpeg: bytes = field(repr=False)
