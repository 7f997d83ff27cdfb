"""What a picture shows of its camera: values that diagnosis, evidence, record and board share. Frozen; no arrays.

A verdict is about the *device's* picture: lens, sensor, aim, light. Nothing here knows what or who is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from camkeeper.model.dome import Place


class Context(StrEnum):
    """Which baseline applies. By the sun's elevation at the site, never by the picture's brightness."""

    DAY = "day"
    NIGHT = "night"


class PictureVerdict(StrEnum):
    """What one picture amounts to; in the order in which a diagnosis decides, but for `ok` and `frozen`."""

    OK = "ok"
    NO_SIGNAL = "no_signal"  # nothing that is a picture, or one flat colour (an encoder's "no signal" card)
    HALF_PICTURE = "half_picture"  # part of it never arrived: flat from a row on
    NOISE = "noise"
    STRIPES = "stripes"
    DARK = "dark"
    BRIGHT = "bright"
    FOG = "fog"
    MOVED = "moved"  # the same scene, turned: `Turn` says by how much
    ROTATED = "rotated"  # rolled, upside down, mirrored
    BLUR = "blur"
    COVER = "cover"
    OTHER_SCENE = "other_scene"
    IR_STUCK = "ir_stuck"  # no colour by day
    CAST = "cast"  # colour cast: advisory, never an alarm by itself
    FROZEN = "frozen"  # the same picture again over real time

    @property
    def is_fault(self) -> bool:
        """True for what makes a picture unusable; a cast is told and alarms nobody."""
        return self not in _NO_FAULT


_NO_FAULT = frozenset({PictureVerdict.OK, PictureVerdict.CAST})


STILL = "still"
"""The advisory of a picture in which nothing changed: whether it is frozen or the scene is still, nobody can tell."""


class Scope(StrEnum):
    """Whose doing a finding is, seen over the fleet."""

    DEVICE = "device"
    WEATHER = "weather"  # all neighbours have it at once: nobody's fault, and nobody is told
    PLATFORM = "platform"  # many cameras froze at once: what hands out their pictures stands still


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How far a camera was turned since its baseline, as its picture shows. Degrees.

    `yaw_deg` is clockwise seen from above (what the azimuth grows by), `pitch_deg` downwards (what the tilt grows by),
    `roll_deg` clockwise as the camera looks. `error_deg`: half-width of the 95% interval of the yaw.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    error_deg: float
    method: str
    """`features` or `phase`."""
    support: float
    """Inliers, or the height of the correlation's peak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One picture against its baseline (or against common sense, where there is none yet)."""

    verdict: PictureVerdict
    alarms: tuple[PictureVerdict, ...] = ()
    """Everything that was found, gravest first; the verdict is the first that is a fault."""
    advisory: tuple[str, ...] = ()
    """`cast`, `dirt`, `web`: worth a look, not reliable enough to alarm. `still`, `reaimed`: explanations."""
    turn: Turn | None = None
    features: Mapping[str, float] = field(default_factory=dict)
    detail: str = ""
    """Evidence for a person, e.g. why the bytes are no picture; in English, without anything the device said raw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One diagnosed snapshot of one camera: what the rules of evidence are fed with. `at_ms`: when it was fetched."""

    device_id: str
    at_ms: int
    context: Context
    diagnosis: Diagnosis
    baseline: int | None = None
    """Version of the baseline it was held against; None: there is none yet, or none of where a dome points now."""
    place: Place = Place.HOME
    """Where a dome took it; a fixed camera is at home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineInfo:
    """Which baseline a camera has; its numbers are with `picture`."""

    device_id: str
    context: Context
    version: int
    learned_ms: int
    frames: int
    accepted: bool
    """The one of commissioning: what was accepted is never replaced, later ones stand beside it."""
    digest: str
    """SHA-256 of its bytes, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """So many looks in agreement, the first and last at least so far apart, before an alarm."""

    looks: int
    span_ms: int

    def __post_init__(self) -> None:
        if self.looks < 1 or self.span_ms < 0:
            raise ValueError("evidence wants at least one look and no negative time")


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePolicy:
    """When pictures are believed. The figures were measured on real frames; see docs/design."""

    name: str = "default"
    version: int = 1
    no_signal: Need = Need(looks=2, span_ms=60_000)
    image: Need = Need(looks=3, span_ms=900_000)
    exposure: Need = Need(looks=6, span_ms=3_600_000)
    """Dark, bright, fog: weather and the hour pass."""
    moved: Need = Need(looks=3, span_ms=900_000)
    frozen: Need = Need(looks=3, span_ms=900_000)
    agree_deg: float = 0.5
    """Looks that say "moved" agree when their yaw lies within this."""
    clear: Need = Need(looks=2, span_ms=0)
    """Good looks that end a finding."""
    reaim_deg: float = 3.0
    """A camera put back after a reported repair counts as put back within this of the accepted baseline."""
    weather_percent: int = 60
    """Of a site's cameras (at least three) that show the same exposure fault: weather."""
    platform_cameras: int = 4
    """So many cameras that freeze within `platform_window_ms`: one fault of what serves them."""
    platform_window_ms: int = 900_000
    learn_frames: int = 5
    """Healthy looks a baseline needs."""
    learn_until: int = 20
    """It gets better up to this many."""
    learn_every_ms: int = 3_600_000
    """Looks for learning lie at least so far apart, so that a baseline knows more than one minute of one day."""
    night_below_deg: float = -6.0
    """Sun elevation under which it is night to a camera."""
    day_above_deg: float = 3.0
    """Over which it is day. Between the two it is twilight: neither baseline is of such a picture."""
    thumbnail_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the looks of one camera prove, until they prove something else. `verdict` OK ends the one before."""

    device_id: str
    verdict: PictureVerdict
    since_ms: int
    """The first look of the proof: findings are back-dated like outages."""
    decided_ms: int
    scope: Scope = Scope.DEVICE
    turn: Turn | None = None
    """Median of the agreeing looks, where the verdict is `moved`."""
    looks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A device's clock against ours at one instant: positive, the device's is fast. Seconds."""

    device_id: str
    at_ms: int
    offset_s: float
