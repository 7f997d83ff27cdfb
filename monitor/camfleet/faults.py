"""What can be wrong with a virtual device, and what it then does. Pure: time is milliseconds since the fault began."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from camfleet.hostile import TRICKS
from camfleet.mistake import MistakeError
from camkeeper.model.probing import Rung

MS_1970 = 0
MS_2000 = 946_684_800_000


class FaultKind(StrEnum):
    """The faults on offer; the names are those of the scenario file."""

    POWER = "power"  # nothing answers any more
    REBOOT = "reboot"  # gone for `down`, then back with a clock that NTP has not set yet
    FLAPPING = "flapping"  # gone and back, again and again
    HANGING = "hanging"  # accepts, reads, never answers
    HALF_OPEN = "half_open"  # accepts, never reads
    RESETTING = "resetting"  # accepts, then RST
    SLOW = "slow"  # every answer comes `latency` late
    MALFORMED = "malformed"  # answers that cannot be read
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - the device's password is not the enrolled one
    CLOCK_SKEW = "clock_skew"  # the device's clock is off `by`
    FROZEN = "frozen"  # the same picture, clock and all
    BLUR = "blur"
    DARK = "dark"
    BRIGHT = "bright"
    NO_SIGNAL = "no_signal"  # an encoder's blue card
    HALF_PICTURE = "half_picture"  # grey from a row on: the last `share` of it
    NOISE = "noise"
    STRIPES = "stripes"
    MOVED = "moved"  # turned `by` degrees clockwise from above, `pitch` downwards
    ROTATED = "rotated"  # `how`: roll (`by` degrees clockwise as it looks), upside_down, mirrored
    COVER = "cover"  # `how`: board, leaf or cloth, over a `share` of the picture
    OTHER_SCENE = "other_scene"  # another place: swapped cables, a camera put elsewhere
    IR_STUCK = "ir_stuck"  # no colour by day
    CAST = "cast"
    DIRT = "dirt"
    WEB = "web"
    FOGGED = "fogged"  # water on the glass of this one
    FOG = "fog"  # weather: far things go first
    RAIN = "rain"
    SNOW = "snow"
    OVERCAST = "overcast"
    PATROL = "patrol"  # a dome goes round its presets, `period` at each, `by` degrees apart
    NO_PICTURE = "no_picture"  # the snapshot answers `status`
    NO_STREAM = "no_stream"  # RTSP DESCRIBE answers 404
    NO_RECORDING = "no_recording"  # the newest recording stays where it was
    HOSTILE = "hostile"  # means harm, by `how`; would have its visitor go `to` an address of others


class Reach(IntEnum):
    """What a connect meets; the larger wins where several faults meet."""

    LISTENING = 0
    REFUSED = 1  # host alive, port closed: RST
    BLACKHOLE = 2  # nobody there: the SYN gets no answer


class Manner(IntEnum):
    """What an accepted connection meets; the larger wins."""

    ANSWER = 0
    HANG = 1
    HALF_OPEN = 2
    RESET = 3


class Picture(IntEnum):
    """What the snapshot is; the larger wins. What is wrong in it is with `Condition.scene`."""

    LIVE = 0
    SPOILT = 1
    FROZEN = 2
    NONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault with its arguments; each kind uses some of them (`ARGUMENTS`)."""

    kind: FaultKind
    dead: Reach = Reach.BLACKHOLE
    by_ms: int = 3_600_000
    latency_ms: int = 2_000
    period_ms: int = 60_000
    down_ms: int = 30_000
    unsynced_ms: int = 60_000
    wakes_at_ms: int = MS_1970
    status: int = 500
    by_deg: float = 20.0
    pitch_deg: float = 0.0
    share: float = 0.7
    """Of the picture, 0..1."""
    density: float = 0.6
    """How much of it, 0..1."""
    how: str = ""
    to: str = ""

    def __post_init__(self) -> None:
        if self.dead is Reach.LISTENING:
            raise ValueError("a dead device is a blackhole or refuses; it does not listen")
        if self.kind is FaultKind.FLAPPING and not 0 < self.down_ms < self.period_ms:
            raise MistakeError(
                f"flapping：断开 {self.down_ms} 毫秒须短于周期 {self.period_ms} 毫秒",
                f"flapping: down {self.down_ms} ms must be inside the period of {self.period_ms} ms",
            )
        if self.kind is FaultKind.PATROL and self.period_ms <= 0:
            raise MistakeError("patrol：在每个预置位要停一段时间", "patrol: it stays some time at each preset")
        if min(self.latency_ms, self.down_ms, self.unsynced_ms) < 0:
            raise MistakeError("时长不能为负", "a length of time is negative")
        if not 0 < self.share <= 1 or not 0 < self.density <= 1:
            raise MistakeError("share、density 须大于 0，且不超过 1", "share and density lie above 0, up to 1")
        ways = WAYS.get(self.kind)
        if ways is not None and not self.how:
            object.__setattr__(self, "how", ways[0])


WAYS: dict[FaultKind, tuple[str, ...]] = {
    FaultKind.ROTATED: ("roll", "upside_down", "mirrored"),
    FaultKind.COVER: ("board", "leaf", "cloth"),
    FaultKind.HOSTILE: tuple(TRICKS),
}
"""What `how` may say of each kind; the first is meant where nothing is said."""
SPOILING = frozenset(
    {
        FaultKind.BLUR,
        FaultKind.DARK,
        FaultKind.BRIGHT,
        FaultKind.NO_SIGNAL,
        FaultKind.HALF_PICTURE,
        FaultKind.NOISE,
        FaultKind.STRIPES,
        FaultKind.MOVED,
        FaultKind.ROTATED,
        FaultKind.COVER,
        FaultKind.OTHER_SCENE,
        FaultKind.IR_STUCK,
        FaultKind.CAST,
        FaultKind.DIRT,
        FaultKind.WEB,
        FaultKind.FOGGED,
        FaultKind.FOG,
    }
)
"""An honest observer finds the picture spoilt. Fog is nobody's fault, but nobody sees through it either."""
WEATHER = frozenset({FaultKind.RAIN, FaultKind.SNOW, FaultKind.OVERCAST})
"""Seen in the picture, which stays usable."""

HARMLESS = WEATHER | {FaultKind.PATROL}
"""In the picture, and no fault of it."""

_DEAD, _DENSITY = frozenset({"dead"}), frozenset({"density"})
ARGUMENTS: dict[FaultKind, frozenset[str]] = {
    **dict.fromkeys(FaultKind, frozenset[str]()),
    FaultKind.POWER: _DEAD,
    FaultKind.REBOOT: _DEAD | {"down", "unsynced", "wakes_at"},
    FaultKind.FLAPPING: _DEAD | {"period", "down"},
    FaultKind.SLOW: frozenset({"latency"}),
    FaultKind.CLOCK_SKEW: frozenset({"by"}),
    FaultKind.NO_PICTURE: frozenset({"status"}),
    FaultKind.MOVED: frozenset({"by", "pitch"}),
    FaultKind.PATROL: frozenset({"period", "by"}),
    FaultKind.ROTATED: frozenset({"by", "how"}),
    FaultKind.COVER: frozenset({"share", "how"}),
    FaultKind.HOSTILE: frozenset({"how", "to"}),
    FaultKind.HALF_PICTURE: frozenset({"share"}),
    **dict.fromkeys(
        (
            FaultKind.NOISE,
            FaultKind.STRIPES,
            FaultKind.CAST,
            FaultKind.DIRT,
            FaultKind.WEB,
            FaultKind.FOGGED,
            FaultKind.FOG,
            FaultKind.RAIN,
            FaultKind.SNOW,
        ),
        _DENSITY,
    ),
}
"""The arguments that each kind takes, as the scenario file names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The state of one device's outside, all its faults taken together."""

    reach: Reach = Reach.LISTENING
    manner: Manner = Manner.ANSWER
    latency_ms: int = 0
    skew_ms: int = 0
    wakes_at_ms: int | None = None
    """The clock counts from here since the boot, because NTP has not set it yet."""
    wrong_password: bool = False
    malformed: bool = False
    picture: Picture = Picture.LIVE
    scene: tuple[Fault, ...] = ()
    """What is wrong in the picture and with the weather, sorted by kind."""
    picture_status: int = 500
    no_stream: bool = False
    no_recording: bool = False
    trick: str = ""
    """Of `hostile.TRICKS`; and where it would have its visitor go."""
    trick_to: str = ""


HEALTHY = Condition()

_STEADY: dict[FaultKind, Condition] = {
    FaultKind.HANGING: Condition(manner=Manner.HANG),
    FaultKind.HALF_OPEN: Condition(manner=Manner.HALF_OPEN),
    FaultKind.RESETTING: Condition(manner=Manner.RESET),
    FaultKind.MALFORMED: Condition(malformed=True),
    FaultKind.WRONG_PASSWORD: Condition(wrong_password=True),
    FaultKind.FROZEN: Condition(picture=Picture.FROZEN),
    FaultKind.NO_STREAM: Condition(no_stream=True),
    FaultKind.NO_RECORDING: Condition(no_recording=True),
}


def effect(fault: Fault, since_ms: int) -> Condition:
    """Return what `fault` does `since_ms` milliseconds after it began."""
    match fault.kind:
        case FaultKind.POWER:
            condition = Condition(reach=fault.dead)
        case FaultKind.SLOW:
            condition = Condition(latency_ms=fault.latency_ms)
        case FaultKind.CLOCK_SKEW:
            condition = Condition(skew_ms=fault.by_ms)
        case FaultKind.NO_PICTURE:
            condition = Condition(picture=Picture.NONE, picture_status=fault.status)
        case FaultKind.FLAPPING:
            down = since_ms % fault.period_ms < fault.down_ms
            condition = Condition(reach=fault.dead) if down else HEALTHY
        case FaultKind.REBOOT:
            condition = _rebooting(fault, since_ms)
        case FaultKind.HOSTILE:
            condition = Condition(trick=fault.how, trick_to=fault.to)
        case kind if kind in SPOILING or kind in HARMLESS:
            picture = Picture.SPOILT if kind in SPOILING else Picture.LIVE
            condition = Condition(picture=picture, scene=(fault,))
        case _:
            condition = _STEADY[fault.kind]
    return condition


def _rebooting(fault: Fault, since_ms: int) -> Condition:
    if since_ms < fault.down_ms:
        return Condition(reach=fault.dead)
    return Condition(wakes_at_ms=fault.wakes_at_ms) if since_ms < fault.down_ms + fault.unsynced_ms else HEALTHY


def next_phase_ms(fault: Fault, since_ms: int) -> int | None:
    """Return when (ms since it began, later than `since_ms`) the fault's effect changes by itself; None: never."""
    if fault.kind is FaultKind.FLAPPING:
        into = since_ms % fault.period_ms
        return since_ms - into + (fault.down_ms if into < fault.down_ms else fault.period_ms)
    if fault.kind is FaultKind.REBOOT:
        edges = (fault.down_ms, fault.down_ms + fault.unsynced_ms)
        return next((edge for edge in edges if since_ms < edge), None)
    return None


def combine(conditions: Iterable[Condition]) -> Condition:
    """Return all of them at once: the worst reach and manner win, delays and clock errors add up."""
    all_of = tuple(conditions)
    if len(all_of) <= 1:
        return all_of[0] if all_of else HEALTHY
    picture, hostile = max(all_of, key=lambda c: c.picture), max(all_of, key=lambda c: c.trick)
    return Condition(
        reach=max(c.reach for c in all_of),
        manner=max(c.manner for c in all_of),
        latency_ms=sum(c.latency_ms for c in all_of),
        skew_ms=sum(c.skew_ms for c in all_of),
        wakes_at_ms=min((c.wakes_at_ms for c in all_of if c.wakes_at_ms is not None), default=None),
        wrong_password=any(c.wrong_password for c in all_of),
        malformed=any(c.malformed for c in all_of),
        picture=picture.picture,
        scene=tuple(sorted({f for c in all_of for f in c.scene}, key=repr)),
        picture_status=picture.picture_status,
        no_stream=any(c.no_stream for c in all_of),
        no_recording=any(c.no_recording for c in all_of),
        trick=hostile.trick,
        trick_to=hostile.trick_to,
    )


_SIGNED = frozenset({Rung.AUTH, Rung.SNAPSHOT, Rung.STREAM, Rung.RECORDING})
_EXCHANGES = 3
"""An RTSP login takes three: OPTIONS, DESCRIBE, DESCRIBE with the digest."""


def truth_of(condition: Condition, *, timeout_ms: int, ladder: Collection[Rung]) -> str:
    """Return what an honest observer who asks `ladder` must come to.

    `down`, `degraded`, `picture` (answers, picture spoilt) or `up`. A device that answers later than the observer's
    `timeout_ms` is down to that observer; where only a login in three exchanges takes longer, it has no stream.
    """
    asked = frozenset(ladder)
    if condition.reach is not Reach.LISTENING or condition.manner is Manner.RESET:
        return "down"
    spoilt = TRICKS[condition.trick].spoils if condition.trick else frozenset[Rung]()
    silent = condition.manner is not Manner.ANSWER or condition.malformed or condition.latency_ms >= timeout_ms
    silent = silent or Rung.TIME in spoilt
    if silent and Rung.TIME in asked:
        return "down"
    lacks = (
        (silent or condition.wrong_password, _SIGNED),
        (condition.picture is Picture.NONE, frozenset({Rung.SNAPSHOT})),
        (condition.no_stream or condition.latency_ms * _EXCHANGES >= timeout_ms, frozenset({Rung.STREAM})),
        (condition.no_recording, frozenset({Rung.RECORDING})),
        (bool(spoilt), spoilt),
    )
    if any(lacking and not asked.isdisjoint(rungs) for lacking, rungs in lacks):
        return "degraded"
    return "picture" if condition.picture is not Picture.LIVE and Rung.SNAPSHOT in asked else "up"
