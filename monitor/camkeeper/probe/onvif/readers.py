"""What the answers say. Missing parts are None: cameras leave out what the schema demands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from camkeeper.model.probing import Profile
from camkeeper.probe.onvif.operations import Service
from camkeeper.probe.onvif.reply import Element, child, children, clean, local, text

_MAX_PROFILES: Final = 64
_CAPABILITY_OF: Final = {"Media": Service.MEDIA, "Search": Service.SEARCH, "PTZ": Service.PTZ}


@dataclass(frozen=True, slots=True, kw_only=True)
class Information:
    """What a device calls itself; None where it says nothing."""

    manufacturer: str | None
    model: str | None
    firmware: str | None
    serial: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The recordings of a device: oldest and newest only, never the gaps between."""

    from_ms: int | None
    until_ms: int | None
    recordings: int | None


def time_ms(answer: Element) -> int | None:
    """Return the device's UTC time in milliseconds, or None where it tells none that a calendar knows.

    Only UTCDateTime counts: zones are junk (`UTC5:0`, `CST+8:00:00`) and LocalDateTime follows them.
    """
    utc = child(answer, "SystemDateAndTime", "UTCDateTime")
    if utc is None:
        return None
    date, clock = child(utc, "Date"), child(utc, "Time")
    try:
        parts = [int(text(date, n) or "") for n in ("Year", "Month", "Day")]
        parts += [int(text(clock, n) or "") for n in ("Hour", "Minute", "Second")]
        parts[5] = min(parts[5], 59)  # a leap second is told as 60
        return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[arg-type, misc]
    except (ValueError, OverflowError):
        return None


def information(answer: Element) -> Information:
    """Read GetDeviceInformation. The maker's name may be empty, `NONE`, `ONVIF` or `H264`: it is kept as told."""
    return Information(
        manufacturer=clean(text(answer, "Manufacturer")),
        model=clean(text(answer, "Model")),
        firmware=clean(text(answer, "FirmwareVersion")),
        serial=clean(text(answer, "SerialNumber")),
    )


def services(answer: Element) -> dict[str, str]:
    """Read GetServices: addresses by namespace, first wins."""
    out: dict[str, str] = {}
    for service in children(answer, "Service"):
        namespace, address = text(service, "Namespace"), text(service, "XAddr")
        if namespace and address:
            out.setdefault(namespace, address)
    return out


def capabilities(answer: Element) -> dict[str, str]:
    """Read GetCapabilities, for devices without GetServices: addresses by namespace. It knows no Media2."""
    found = child(answer, "Capabilities")
    if found is None:
        return {}
    groups = [*found, *(child(found, "Extension") if child(found, "Extension") is not None else ())]  # type: ignore[misc]
    out: dict[str, str] = {}
    device = text(found, "Device", "XAddr")
    if device:
        out[Service.DEVICE.value] = device
    for group in groups:
        service, address = _CAPABILITY_OF.get(local(group)), text(group, "XAddr")
        if service is not None and address:
            out.setdefault(service.value, address)
    return out


def profiles(answer: Element) -> tuple[Profile, ...]:
    """Read GetProfiles of Media1 or Media2; a profile without a token is of no use and left out."""
    out: list[Profile] = []
    for profile in children(answer, "Profiles"):
        token = next((str(v) for k, v in profile.attrib.items() if str(k).rpartition("}")[2] == "token"), "").strip()
        if not token or len(out) >= _MAX_PROFILES:
            continue
        encoder = child(profile, "VideoEncoderConfiguration")
        if encoder is None:
            encoder = child(profile, "Configurations", "VideoEncoder")
        out.append(
            Profile(
                token=token,
                width=_number(text(encoder, "Resolution", "Width")),
                height=_number(text(encoder, "Resolution", "Height")),
                encoding=clean(text(encoder, "Encoding")),
            )
        )
    return _once(tuple(out))


@lru_cache(maxsize=1024)
def _once(profiles: tuple[Profile, ...]) -> tuple[Profile, ...]:
    """Cameras of one model have the same ones: they are kept once, not for each of 5,000."""
    return profiles


def uri(answer: Element) -> str | None:
    """Read GetSnapshotUri or GetStreamUri of either media service; Xiongmai adds trailing spaces."""
    return text(answer, "MediaUri", "Uri") or text(answer, "Uri")


def summary(answer: Element) -> Summary:
    """Read GetRecordingSummary."""
    found = child(answer, "Summary")
    return Summary(
        from_ms=_instant_ms(text(found, "DataFrom")),
        until_ms=_instant_ms(text(found, "DataUntil")),
        recordings=_number(text(found, "NumberRecordings")),
    )


def _number(value: str | None) -> int | None:
    try:
        return int(value) if value and len(value) < 10 else None
    except ValueError:
        return None


def _instant_ms(value: str | None) -> int | None:
    """Read an xs:dateTime; one without a zone is UTC, as ONVIF prescribes."""
    try:
        at = datetime.fromisoformat(value or "")
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
