"""What a climb learns of a device on its way up."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from camkeeper.model.probing import DeviceFacts, Profile, SnapshotInfo
from camkeeper.probe.memory import Login
from camkeeper.probe.onvif import readers
from camkeeper.probe.onvif.reply import clean


@dataclass(slots=True, kw_only=True)
class Findings:
    """What one climb has learnt so far; None and empty: not asked, or not told."""

    information: readers.Information | None = None
    offset_s: float | None = None
    uptime_s: float | None = None
    profiles: tuple[Profile, ...] = ()
    snapshot: SnapshotInfo | None = None
    recording_age_s: float | None = None

    def facts(self, words: Callable[[str | None], str | None]) -> DeviceFacts:
        """Return them as one value; `words` blots out what must not be shown."""
        told = self.information
        return DeviceFacts(
            manufacturer=words(told.manufacturer) if told else None,
            model=words(told.model) if told else None,
            firmware=words(told.firmware) if told else None,
            serial=words(told.serial) if told else None,
            clock_offset_s=self.offset_s,
            uptime_s=self.uptime_s,
            # A token is asked with as it was told, and shown as any other word of the device.
            profiles=tuple(
                replace(p, token=words(clean(p.token)) or "", encoding=words(p.encoding)) for p in self.profiles
            ),
            snapshot=self.snapshot,
            newest_recording_age_s=self.recording_age_s,
        )


def blotted(text: str | None, login: Login | None, *, shortest: int = 4) -> str | None:
    """Return the text without the password, in each form in which a device that was sent Basic could echo it."""
    if not text or login is None or len(login.password) < shortest:
        return text
    basic = b64encode(f"{login.user}:{login.password}".encode()).decode()
    for told in (basic, basic.rstrip("="), login.password, quote(login.password, safe="")):
        text = text.replace(told, "***")
    return text
