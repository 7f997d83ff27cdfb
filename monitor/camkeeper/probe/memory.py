"""What the prober remembers of one device between probes. Never stored: a restart learns it anew, read-only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from camkeeper.model.dome import Position
from camkeeper.model.equipment import Address
from camkeeper.model.probing import Profile
from camkeeper.probe.onvif.operations import Service
from camkeeper.probe.pin import NotAnUriError, target_of


class Scheme(Enum):
    """How a device took our credential."""

    WSSE = auto()
    """The UsernameToken alone."""
    BOTH = auto()
    """The UsernameToken, and the answer to an HTTP challenge beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user and the password itself, for as long as one probe takes. Neither is ever shown."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A port and a path on the enrolled host."""

    port: int
    path: str = field(repr=False)
    """Not shown: Xiongmai writes user and password into it."""


@dataclass(slots=True, kw_only=True)
class Known:
    """What one device taught us. `address` is what it was learnt at: another address, another memory."""

    address: Address
    offset_s: float | None = None
    """The device's clock less ours; None while no clock of it was read."""
    time_closed: bool = False
    """The device demands a credential even for its time (ipycam)."""
    time_challenges: tuple[str, ...] = ()
    """The challenges of that demand: they tell the scheme without spending an attempt."""
    scheme: Scheme | None = None
    addresses: dict[str, str] = field(default_factory=dict, repr=False)
    """Service addresses as told, by namespace."""
    profiles: tuple[Profile, ...] = field(default=(), repr=False)
    media: Service | None = None
    """The media service that answered."""
    snapshot: Place | None = None
    dome_answers: bool = False
    """The PTZ service answers, as far as is known."""
    dome_refused: bool = False
    """It refused our account, which the other services take: not asked again at this address."""
    dome_home: Position | None = None

    def path_of(self, service: Service) -> str | None:
        """Return the path of a service, or None where the device told none."""
        told = self.addresses.get(service.value)
        if told is None:
            return None
        try:
            return target_of(told).path
        except NotAnUriError:
            return None

    @property
    def own_port(self) -> int:
        """The port that the device believes its ONVIF service has: another than the enrolled one behind NAT."""
        try:
            return target_of(self.addresses[Service.DEVICE.value]).port
        except (KeyError, NotAnUriError):
            return self.address.port

    @property
    def profile(self) -> Profile | None:
        """The first profile with a picture, else the first one."""
        return next((p for p in self.profiles if p.width), self.profiles[0] if self.profiles else None)
