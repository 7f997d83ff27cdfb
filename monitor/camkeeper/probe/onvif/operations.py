"""The allow-list: every question that camkeeper can put to a device. There is no other way to build a message.

Read-only (promise 3): no Set, Create, Delete, Move, Reboot or Subscribe is here, and a test holds the list to `Get`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Service(StrEnum):
    """The services asked, by namespace."""

    DEVICE = "http://www.onvif.org/ver10/device/wsdl"
    MEDIA = "http://www.onvif.org/ver10/media/wsdl"
    MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
    SEARCH = "http://www.onvif.org/ver10/search/wsdl"
    PTZ = "http://www.onvif.org/ver20/ptz/wsdl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: the service, the operation's name, and whether it is about one profile."""

    service: Service
    name: str
    wants_profile: bool = False

    @property
    def action(self) -> str:
        """The SOAP action."""
        return f"{self.service.value}/{self.name}"

    @property
    def answer(self) -> str:
        """The local name of the element that answers."""
        return f"{self.name}Response"


class Operation(Enum):
    """Everything that may be asked."""

    TIME = Asked(service=Service.DEVICE, name="GetSystemDateAndTime")
    INFORMATION = Asked(service=Service.DEVICE, name="GetDeviceInformation")
    # IncludeCapability=false: with true, Reolink's TrackMix answers unbound prefixes.
    SERVICES = Asked(service=Service.DEVICE, name="GetServices")
    CAPABILITIES = Asked(service=Service.DEVICE, name="GetCapabilities")
    PROFILES = Asked(service=Service.MEDIA, name="GetProfiles")
    SNAPSHOT_URI = Asked(service=Service.MEDIA, name="GetSnapshotUri", wants_profile=True)
    STREAM_URI = Asked(service=Service.MEDIA, name="GetStreamUri", wants_profile=True)
    PROFILES2 = Asked(service=Service.MEDIA2, name="GetProfiles")
    SNAPSHOT_URI2 = Asked(service=Service.MEDIA2, name="GetSnapshotUri", wants_profile=True)
    STREAM_URI2 = Asked(service=Service.MEDIA2, name="GetStreamUri", wants_profile=True)
    RECORDINGS = Asked(service=Service.SEARCH, name="GetRecordingSummary")
    DOME_STATUS = Asked(service=Service.PTZ, name="GetStatus", wants_profile=True)
    DOME_PRESETS = Asked(service=Service.PTZ, name="GetPresets", wants_profile=True)
