"""What the prober remembers of one device between probes. Never stored: a restart learns it anew, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache

from camkeeper.model.dome import Position
from camkeeper.model.equipment import Address
from camkeeper.model.probing import Profile
from camkeeper.probe.onvif.operations import Service
from camkeeper.probe.pin import NotAnUriError, Target, target_of


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


@dataclass(frozen=True, slots=True)
class Services:
    """What a device told of its services: where on the enrolled host they are."""

    paths: Mapping[Service, str] = field(repr=False)
    """Of those that are asked, as far as what was told is an address."""
    own_port: int | None
    """The port that it believes its ONVIF service has: another than the enrolled one behind NAT."""


def services_of(addresses: Mapping[str, str]) -> Services | None:
    """Reduce addresses by namespace, as a device told them, to what is asked; None where it told none at all."""
    if not addresses:
        return None
    targets: dict[Service, Target] = {}
    for service in Service:
        with suppress(KeyError, NotAnUriError):
            targets[service] = target_of(addresses[service.value])
    device = targets.get(Service.DEVICE)
    paths = _paths(tuple((service, target.path) for service, target in targets.items()))
    return Services(paths, None if device is None else device.port)


@lru_cache(maxsize=1024)
def _paths(paths: tuple[tuple[Service, str], ...]) -> Mapping[Service, str]:
    """Of one model they are alike: a county has a few dozen of these, not one for each of 5,000 cameras."""
    return dict(paths)


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
    services: Services | None = None
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
        return None if self.services is None else self.services.paths.get(service)

    @property
    def own_port(self) -> int:
        """The port that the device believes its ONVIF service has; the enrolled one where it says nothing."""
        told = None if self.services is None else self.services.own_port
        return self.address.port if told is None else told

    @property
    def profile(self) -> Profile | None:
        """The first profile with a picture, else the first one."""
        return next((p for p in self.profiles if p.width), self.profiles[0] if self.profiles else None)
