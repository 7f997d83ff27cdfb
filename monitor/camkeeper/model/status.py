"""What a device is, and the named reason for it."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """A device's state. `UNKNOWN` means *we* do not know; it is never shown green and never counted as up."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> int:
        """0 for up, 1 degraded, 2 down; unknown is outside the order (-1)."""
        return _SEVERITY[self]

    @property
    def code(self) -> int:
        """The small integer that the ledger and its journal store; never renumbered."""
        return _CODES[self]

    @classmethod
    def from_code(cls, code: int) -> Status:
        """Return the status stored as `code`; KeyError for a number nobody wrote."""
        return _FROM_CODE[code]


class Reason(StrEnum):
    """Why a device has its status: the rung that decided, or what the monitor knows of itself."""

    RECOVERED = "recovered"  # every rung that was asked answered
    NO_ANSWER = "no_answer"  # reach: nothing accepts a connection
    NO_ONVIF = "no_onvif"  # the port accepts, ONVIF time gets no answer (down), or a fault for one (degraded)
    AUTH_REFUSED = "auth_refused"  # the device answers and refuses the credential: degraded, never down
    CLOCK_SKEW = "clock_skew"  # refused because the device's clock is too far off
    NO_ANSWER_AUTHED = "no_answer_authed"  # authenticated ONVIF fails otherwise than by refusal
    NO_PICTURE = "no_picture"
    NO_STREAM = "no_stream"
    RECORDING_STALE = "recording_stale"
    MONITOR_BLIND = "monitor_blind"  # our own uplink or event loop was gone: nobody knows
    SILENCE = "silence"  # no sample within the grace: nobody knows
    FIRST_SEEN = "first_seen"  # first sample of a device's life
    # Its pictures prove it: the device answers and shows nothing of use. Named as `PictureVerdict` names them.
    IMAGE_NO_SIGNAL = "image_no_signal"
    IMAGE_HALF_PICTURE = "image_half_picture"
    IMAGE_NOISE = "image_noise"
    IMAGE_STRIPES = "image_stripes"
    IMAGE_DARK = "image_dark"
    IMAGE_BRIGHT = "image_bright"
    IMAGE_FOG = "image_fog"
    IMAGE_MOVED = "image_moved"
    IMAGE_ROTATED = "image_rotated"
    IMAGE_BLUR = "image_blur"
    IMAGE_COVER = "image_cover"
    IMAGE_OTHER_SCENE = "image_other_scene"
    IMAGE_IR_STUCK = "image_ir_stuck"
    IMAGE_FROZEN = "image_frozen"
    IMAGE_PLATFORM = "image_platform"  # frozen together with many others: what hands out their pictures stands still

    @property
    def code(self) -> int:
        """The small integer that the journal stores; never renumbered."""
        return _REASON_CODES[self]

    @property
    def is_image(self) -> bool:
        """True where looks at its pictures decided: the device itself answers on every rung."""
        return _REASON_CODES[self] >= _FIRST_IMAGE_CODE

    @classmethod
    def from_code(cls, code: int) -> Reason:
        """Return the reason stored as `code`; KeyError for a number nobody wrote."""
        return _REASON_FROM_CODE[code]


_SEVERITY = {Status.UP: 0, Status.DEGRADED: 1, Status.DOWN: 2, Status.UNKNOWN: -1}
_CODES = {Status.UP: 1, Status.DEGRADED: 2, Status.DOWN: 3, Status.UNKNOWN: 4}
_FROM_CODE = {code: status for status, code in _CODES.items()}
_REASON_CODES = {
    Reason.RECOVERED: 1,
    Reason.NO_ANSWER: 2,
    Reason.NO_ONVIF: 3,
    Reason.AUTH_REFUSED: 4,
    Reason.CLOCK_SKEW: 5,
    Reason.NO_ANSWER_AUTHED: 6,
    Reason.NO_PICTURE: 7,
    Reason.NO_STREAM: 8,
    Reason.RECORDING_STALE: 9,
    Reason.MONITOR_BLIND: 10,
    Reason.SILENCE: 11,
    Reason.FIRST_SEEN: 12,
    Reason.IMAGE_NO_SIGNAL: 20,
    Reason.IMAGE_HALF_PICTURE: 21,
    Reason.IMAGE_NOISE: 22,
    Reason.IMAGE_STRIPES: 23,
    Reason.IMAGE_DARK: 24,
    Reason.IMAGE_BRIGHT: 25,
    Reason.IMAGE_FOG: 26,
    Reason.IMAGE_MOVED: 27,
    Reason.IMAGE_ROTATED: 28,
    Reason.IMAGE_BLUR: 29,
    Reason.IMAGE_COVER: 30,
    Reason.IMAGE_OTHER_SCENE: 31,
    Reason.IMAGE_IR_STUCK: 32,
    Reason.IMAGE_FROZEN: 33,
    Reason.IMAGE_PLATFORM: 34,
}
_FIRST_IMAGE_CODE = 20
_REASON_FROM_CODE = {code: reason for reason, code in _REASON_CODES.items()}
