"""What goes into the album and what comes back. Frozen values; no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from camkeeper.model.picture import PictureVerdict

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MAX_FULL_MS = 72 * HOUR_MS
"""No whole picture is kept longer, whatever anybody asks for."""
MAX_BASELINE_BYTES = 524_288
MAX_SHEET_BYTES = 131_072
MAX_THUMBNAIL_BYTES = 16_384
MAX_FULL_BYTES = 8 * 1024 * 1024
THUMBNAIL_WIDTH_PX = 160
THUMBNAIL_HEIGHT_PX = 90


class AlbumError(Exception):
    """Root of the album's errors; a disk that will not take anything is one."""


class AlbumBusyError(AlbumError):
    """Another process writes this album."""


class AlbumClosedError(AlbumError):
    """The album was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is kept, and how long."""

    sheets: int = 20
    """Learning material per camera and context; the oldest makes room (`PicturePolicy.learn_until`)."""
    material_bytes: int = 2 * 1024**3
    """Of all cameras. Past it material goes of which there is a baseline already; then no more is taken."""
    enough: int = 5
    """Sheets of a first baseline (`PicturePolicy.learn_frames`): a camera begins where there is room for all."""
    material_ms: int = 30 * DAY_MS
    """A sheet that waited longer speaks of another season."""
    later_baselines: int = 2
    """Kept beside the accepted one, per camera and context."""
    thumbnail_ms: int = 7 * DAY_MS
    full_ms: int = MAX_FULL_MS
    cache_bytes: int = 8 * 1024 * 1024
    """Of baselines in memory."""

    def __post_init__(self) -> None:
        if not 0 < self.full_ms <= MAX_FULL_MS:
            raise ValueError("a full picture is kept for 72 h at most / 原图最多保存 72 小时")
        if min(self.sheets, self.later_baselines, self.thumbnail_ms) < 1:
            raise ValueError("a limit of nothing keeps nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A picture that is kept for a while: the thumbnail of an alarm, or a full one that somebody asked for."""

    device_id: str
    at_ms: int
    """When it was taken: never shown as live."""
    expires_ms: int
    jpeg: bytes = field(repr=False)
    verdict: PictureVerdict | None = None
    """Of a thumbnail."""
    since_ms: int | None = None
    """Of a thumbnail: `Finding.since_ms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Learning material of one camera and context."""

    sheets: int
    newest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep removed."""

    thumbnails: int = 0
    full_pictures: int = 0
    sheets: int = 0
    files: int = 0
    """Damaged albums that had been moved aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumHealth:
    """How keeping goes."""

    error: str | None = None
    """What the disk said last; None once writing works again."""
    waiting: int = 0
    """Pieces of work in the queue."""
    lost: int = 0
    """Pieces of work that the disk would not take."""
    moved_aside: str | None = None
    """File name of the newest album that was found damaged since the start."""

    @property
    def warning(self) -> str | None:
        """A line for the board, or None."""
        if self.moved_aside is not None:
            return (
                f"画面库已损坏，移到 {self.moved_aside}，基线重新学习"
                f" / the album was damaged and moved to {self.moved_aside}; baselines are learned anew"
            )
        if self.error is not None:
            return f"画面库写不进：{self.error} / the album cannot be written: {self.error}"
        return None
