"""Who looked at a picture: one entry of the register of views. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Viewed(StrEnum):
    """What was shown."""

    THUMBNAIL = "thumbnail"  # the blurred one of an alarm
    SNAPSHOT = "snapshot"  # a full picture, asked for by name
    ASKED = "asked"  # nothing yet: somebody had a camera asked for a full picture


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRecord:
    """One view. Decree 799 asks for who, which unit, why and what; it is on disk before the picture is shown."""

    at_ms: int
    who: str
    unit: str
    why: str
    device_id: str
    what: Viewed
    incident_id: str | None = None

    def __post_init__(self) -> None:
        if not (self.who.strip() and self.why.strip()):
            raise ValueError("a view has a name and a reason / 查看须登记姓名与事由")
