"""The daily letter and the weekly one: when, to whom, in which language. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camkeeper.model.channel import Language


class DigestKind(StrEnum):
    """What a letter sums up. 日报 / 周报."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRule:
    """One letter that comes again."""

    kind: DigestKind
    minute: int
    """After local midnight."""
    channel_ids: tuple[str, ...]
    weekday: int = 0
    """Of the day on which the week's letter goes; 0 is Monday. A day's letter goes each day."""
    language: Language | None = None
    """None: the channel's own."""
    always: bool = False
    """Whether it goes, too, when all was well and there is nothing to say."""

    def __post_init__(self) -> None:
        if not 0 <= self.minute < 24 * 60 or not 0 <= self.weekday < 7:
            raise ValueError(f"no such minute of a day, or day of a week: {self.minute}, {self.weekday}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPolicy:
    """All of them."""

    rules: tuple[DigestRule, ...] = ()
    timezone: str = "Asia/Shanghai"
