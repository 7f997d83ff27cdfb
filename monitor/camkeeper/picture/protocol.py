"""What the monitor and the process that decodes say to each other: messages of a JSON head and binary parts.

No pickle: the process eats what cameras send, so its answers are read as strictly as theirs. Pure; loads no OpenCV.

A message is `length u32 | head length u32 | parts u8 | length of each part u32 (FFFFFFFF: none) | head | parts`, all
big-endian; the first length is of what follows it.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from camkeeper.model.picture import Context, Diagnosis, PictureVerdict, Turn
from camkeeper.picture.examined import Examined

MAX_MESSAGE: Final = 24 * 2**20
MAX_HEAD: Final = 64 * 2**10
MAX_PARTS: Final = 64
LEARN_PATIENCE: Final = 5
"""Learning holds every picture against all the others: so many times the limits of one picture."""
MAX_TRACE: Final = 4 * 2**10
MAX_SHEET: Final = 256 * 2**10
"""One for learning brings its aim along."""
MAX_THUMBNAIL: Final = 32 * 2**10
MAX_BASELINE: Final = 2**19
_MAX_FEATURES: Final = 256
_MAX_TEXT: Final = 400
_NONE: Final = 0xFFFFFFFF
LENGTH: Final = struct.Struct(">I")
_PREFIX: Final = struct.Struct(">IB")


class ProtocolError(ValueError):
    """The other side's bytes are no message of this protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One picture to examine.

    `hfov_deg`: the camera's horizontal view; `tilt_deg`: how far down it looks; `before`: its last picture's trace.
    """

    device_id: str
    data: bytes
    baseline: bytes | None = None
    hfov_deg: float = 90.0
    tilt_deg: float = 0.0
    before: bytes | None = None
    thumbnail: bool = False
    learn: bool = False
    """True: the sheet is wanted too, for learning a baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFacts:
    """What a baseline is of; `dropped`: pictures that were handed in and not learnt from."""

    context: Context
    frames: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A head, and parts that JSON could not carry."""

    head: Mapping[str, Any]
    parts: tuple[bytes | None, ...] = ()

    @property
    def kind(self) -> str:
        """What it is: the head's `kind`, "" where it has none."""
        kind = self.head.get("kind")
        return kind if isinstance(kind, str) else ""


def pack(message: Message) -> bytes:
    """Return the message as bytes, its length first. Raises ProtocolError where it is larger than is ever read."""
    head = json.dumps(message.head, allow_nan=False, separators=(",", ":")).encode()
    sizes = [_NONE if part is None else len(part) for part in message.parts]
    if len(head) > MAX_HEAD or len(sizes) > MAX_PARTS:
        raise ProtocolError(f"a head of {len(head)} bytes, {len(sizes)} parts")
    body = b"".join(
        (
            _PREFIX.pack(len(head), len(sizes)),
            struct.pack(f">{len(sizes)}I", *sizes),
            head,
            *(part for part in message.parts if part is not None),
        )
    )
    if len(body) > MAX_MESSAGE:
        raise ProtocolError(f"a message of {len(body)} bytes")
    return LENGTH.pack(len(body)) + body


def length_of(prefix: bytes) -> int:
    """Return the length of the body behind these four bytes. Raises ProtocolError where it is too large to be read."""
    length = int(LENGTH.unpack(prefix)[0])
    if length > MAX_MESSAGE:
        raise ProtocolError(f"a message of {length} bytes")
    return length


def unpack(body: bytes) -> Message:
    """Read a message's body. Raises ProtocolError."""
    try:
        head_size, count = _PREFIX.unpack_from(body)
        if head_size > MAX_HEAD or count > MAX_PARTS:
            raise ProtocolError(f"a head of {head_size} bytes, {count} parts")
        sizes = struct.unpack_from(f">{count}I", body, _PREFIX.size)
        at = _PREFIX.size + 4 * count
        head = json.loads(body[at : at + head_size])
    except (struct.error, ValueError, RecursionError) as error:
        raise ProtocolError(f"a broken message: {type(error).__name__}") from None
    if not isinstance(head, dict):
        raise ProtocolError("a head that is no object")
    at += head_size
    parts: list[bytes | None] = []
    for size in sizes:
        parts.append(None if size == _NONE else body[at : at + size])
        at += 0 if size == _NONE else size
    if at != len(body):
        raise ProtocolError(f"{len(body)} bytes where {at} were told")
    return Message(head=head, parts=tuple(parts))


def job_message(job: Job) -> Message:
    """Return the request to examine one picture. The device's name stays here: nobody who decodes needs it."""
    head = {
        "kind": "examine",
        "hfov_deg": job.hfov_deg,
        "tilt_deg": job.tilt_deg,
        "thumbnail": job.thumbnail,
        "learn": job.learn,
    }
    return Message(head=head, parts=(job.data, job.baseline, job.before))


def learn_message(sheets: Sequence[bytes], context: Context) -> Message:
    """Return the request to learn a baseline of sheets."""
    return Message(head={"kind": "learn", "context": context.value}, parts=tuple(sheets))


def inspect_message(baseline: bytes) -> Message:
    """Return the request to say what a baseline is of."""
    return Message(head={"kind": "inspect"}, parts=(baseline,))


def inspected_message(facts: BaselineFacts) -> Message:
    """Return the answer to `inspect_message`."""
    head = {"kind": "inspected", "context": facts.context.value, "frames": facts.frames, "dropped": facts.dropped}
    return Message(head=head)


def inspected_of(message: Message) -> BaselineFacts:
    """Read the answer to `inspect_message`. Raises ProtocolError."""
    try:
        return BaselineFacts(
            context=Context(message.head["context"]),
            frames=int(_number(message.head["frames"])),
            dropped=int(_number(message.head["dropped"])),
        )
    except (LookupError, ValueError) as error:
        raise ProtocolError(f"an odd answer: {type(error).__name__}") from None


def examined_message(examined: Examined) -> Message:
    """Return the answer to `job_message`."""
    diagnosis = examined.diagnosis
    turn = diagnosis.turn
    head = {
        "kind": "examined",
        "verdict": diagnosis.verdict.value,
        "alarms": [alarm.value for alarm in diagnosis.alarms],
        "advisory": list(diagnosis.advisory),
        "turn": None
        if turn is None
        else [turn.yaw_deg, turn.pitch_deg, turn.roll_deg, turn.error_deg, turn.support, turn.method],
        "features": {name: float(value) for name, value in diagnosis.features.items() if math.isfinite(value)},
        "detail": "".join(c if c.isprintable() else " " for c in diagnosis.detail[:_MAX_TEXT]),
    }
    return Message(head=head, parts=(examined.trace, examined.sheet, examined.thumbnail))


def examined_of(message: Message) -> Examined:
    """Read the answer to `job_message`. Raises ProtocolError where anything in it is odd."""
    head, parts = message.head, message.parts
    try:
        diagnosis = Diagnosis(
            verdict=PictureVerdict(head["verdict"]),
            alarms=tuple(PictureVerdict(alarm) for alarm in head["alarms"]),
            advisory=tuple(_text(word) for word in head["advisory"]),
            turn=None if head["turn"] is None else _turn(head["turn"]),
            features=_features(head["features"]),
            detail=_text(head["detail"]),
        )
        trace, sheet, thumbnail = parts
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError(f"an odd answer: {type(error).__name__}: {error}"[:_MAX_TEXT]) from None
    for part, most in ((trace, MAX_TRACE), (sheet, MAX_SHEET), (thumbnail, MAX_THUMBNAIL)):
        if part is not None and len(part) > most:
            raise ProtocolError(f"an odd answer: {len(part)} bytes where {most} are the most")
    return Examined(diagnosis=diagnosis, trace=trace or b"", sheet=sheet, thumbnail=thumbnail)


def learned_of(message: Message) -> bytes:
    """Read the answer to `learn_message`: a baseline's bytes. Raises ProtocolError."""
    if len(message.parts) != 1 or not message.parts[0] or len(message.parts[0]) > MAX_BASELINE:
        raise ProtocolError("an odd answer: no baseline, or one that is too large")
    return message.parts[0]


def _features(value: Any) -> dict[str, float]:
    if len(value) > _MAX_FEATURES:
        raise ProtocolError(f"{len(value)} features")
    return {_text(name): _number(number) for name, number in value.items()}


def _turn(value: Any) -> Turn:
    *angles, support, method = value
    yaw, pitch, roll, error = (_number(angle) for angle in angles)
    return Turn(
        yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll, error_deg=error, support=_number(support), method=_text(method)
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ProtocolError("a number that is none")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT or not value.isprintable():
        raise ProtocolError("a text that is none")
    return value
