"""Questions and answers between keeper and members. Pure. What comes in is checked as if a stranger had sent it.

A message is four bytes of length, so much JSON, and the bytes of a picture.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from enum import StrEnum

from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Device
from camkeeper.model.probing import Depth, DeviceFacts, ProbeResult
from camkeeper.model.wire import WireError, from_json, to_json
from camkeeper.probe.latch import Latch

MAX_JSON = 256 * 1024
MAX_PICTURE = 4 * 1024 * 1024
"""A picture larger than this stays at the member: 12 megapixels at a good quality have three."""
MAX_TEXT = 4_096
MAX_LATCHES = 16
_HEAD = 4


class Refusal(StrEnum):
    """Why a member did not ask."""

    OTHER_REGISTER = "other_register"  # it has another configuration than the keeper
    OTHER_KEY = "other_key"  # its credentials file is of another ledger
    UNKNOWN_DEVICE = "unknown_device"
    WRONG_SHARD = "wrong_shard"
    NOT_HELD = "not_held"  # its lease has run out, or was given back a moment ago
    LEASE_LOST = "lease_lost"  # it ran out, or the poller was told to stop, while the device was being asked
    BUSY = "busy"  # the device is being asked at this moment, or there is no room
    NO_JOURNAL = "no_journal"  # it can't know whether the credential was refused before
    OUT_OF_TIME = "out_of_time"
    BAD_ASK = "bad_ask"
    BUG = "bug"

    @property
    def passes(self) -> bool:
        """True where asking again in a moment may go better."""
        return self in {Refusal.NOT_HELD, Refusal.LEASE_LOST, Refusal.BUSY, Refusal.NO_JOURNAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question."""

    device_id: str
    depth: Depth
    register: str
    """Digest of the configuration that the question is about."""
    key_check: str
    """Which key the fingerprints are made with."""
    budget_ms: int
    """After this the keeper has stopped waiting: so must the member have stopped asking."""
    latches: tuple[Latch, ...] = ()
    """What was refused before, as far as the keeper knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: a result, or why there is none."""

    member: str
    revision: int = 0
    """Of the lease under which it was asked."""
    refusal: Refusal | None = None
    detail: str = ""
    result: ProbeResult | None = None
    saw: bool = True
    """Whether the member's own uplinks and loop were there all along."""
    age_ms: int = 0
    """How long before this answer the probe began."""
    wall_ms: int = 0
    """The member's wall clock when it answered."""
    dome: DomeReport | None = None
    """Where a dome said that it pointed when it gave the picture."""
    latches: tuple[Latch, ...] | None = None
    """The device's latches afterwards; None: as they came."""
    journal: int = 0
    """Revision of the journal's entry that these latches are in; 0: in none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A sign of life."""

    member: str
    register: str
    shards: tuple[int, ...] = ()
    blind: tuple[str, ...] = ()
    wall_ms: int = 0
    dropped: int = 0
    """Pictures that were too large, or came while the line was full."""


@dataclass(frozen=True, slots=True)
class Latches:
    """The journal's entry of one device."""

    device_id: str
    latches: tuple[Latch, ...] = field(default=())


def pack(value: Ask | Answer | Beat | Latches, picture: bytes = b"") -> bytes:
    """Return a message."""
    text = json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return len(text).to_bytes(_HEAD, "big") + text + picture


def unpack_ask(data: bytes) -> Ask:
    """Return the question; WireError for anything else."""
    ask = from_json(Ask, _json(data)[0])
    if len(ask.latches) > MAX_LATCHES or not 0 < ask.budget_ms <= 600_000:
        raise WireError("no such question")
    return ask


def unpack_beat(data: bytes) -> Beat:
    """Return the sign of life; WireError for anything else."""
    return from_json(Beat, _json(data)[0])


def unpack_latches(data: bytes) -> Latches:
    """Return the journal's entry; WireError for anything else."""
    return from_json(Latches, _json(data)[0])


def unpack_answer(data: bytes, *, device: Device, depth: Depth) -> tuple[Answer, bytes]:
    """Return the answer to a question about `device`, and the picture; WireError for anything else."""
    value, picture = _json(data)
    answer = from_json(Answer, value)
    if (answer.refusal is None) is (answer.result is None):
        raise WireError("an answer is a result or a refusal")
    if len(picture) > MAX_PICTURE or (picture and answer.result is None):
        raise WireError("a picture that nobody asked for")
    if not 0 <= answer.age_ms <= 600_000:
        raise WireError(f"began {answer.age_ms} ms ago")
    if any(latch.device_id != device.id for latch in answer.latches or ()):
        raise WireError("latches of another device")
    if answer.result is not None:
        _check(answer.result, device, depth)
    return answer, picture


def _check(result: ProbeResult, device: Device, depth: Depth) -> None:
    if result.device_id != device.id or result.depth is not depth:
        raise WireError(f"asked about {device.id} ({depth}), answered about {result.device_id[:64]} ({result.depth})")
    rungs = [answer.rung for answer in result.rungs]
    if not rungs or len(set(rungs)) != len(rungs) or not set(rungs) <= set(device.ladder):
        raise WireError("rungs that this device does not have")
    if any(not _sane(r.ms) or len(r.detail) > MAX_TEXT for r in result.rungs) or not _sane(result.took_ms):
        raise WireError("figures or texts out of bounds")
    _check_facts(result.facts)


def _check_facts(facts: DeviceFacts) -> None:
    texts = (facts.manufacturer, facts.model, facts.firmware, facts.serial)
    numbers = (facts.clock_offset_s, facts.uptime_s, facts.newest_recording_age_s)
    if any(text is not None and len(text) > MAX_TEXT for text in texts) or len(facts.profiles) > 64:
        raise WireError("facts out of bounds")
    if any(number is not None and not math.isfinite(number) for number in numbers):
        raise WireError("facts out of bounds")


def _sane(ms: float) -> bool:
    return math.isfinite(ms) and abs(ms) <= 3_600_000


def _json(data: bytes) -> tuple[object, bytes]:
    length = int.from_bytes(data[:_HEAD], "big")
    if len(data) < _HEAD + length or not 0 < length <= MAX_JSON:
        raise WireError("a message of another form")
    try:
        value: object = json.loads(data[_HEAD : _HEAD + length], parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"no JSON: {error}") from error
    return value, data[_HEAD + length :]


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")
