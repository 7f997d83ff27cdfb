"""What the keeper and each member are told: private files, written by `camkeeper edge enlist`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from camkeeper.bus.certificate import Trust, make_certificate, name_of
from camkeeper.bus.conf import EdgeServer, Tls, check_id
from camkeeper.bus.private import new_password, write_private
from camkeeper.crew.shards import MAX_SHARDS
from camkeeper.crew.subjects import KEEPER, permissions

FILE = "crew.json"
CERT, KEY = "crew-bus.pem", "crew-bus.key"
SHARDS = 32
LOOK_S = 2.0
_log = structlog.get_logger(__name__)
_OWN_NAMES = frozenset({KEEPER, "edge"})


class CrewSettingsError(ValueError):
    """A file that is no crew's, or values that no crew can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewSettings:
    """The crew as the keeper's machine knows it."""

    shards: int = SHARDS
    host: str = "127.0.0.1"
    """Where the township's nats-server listens: members on other machines need another address than loopback."""
    address: str = ""
    """HOST:PORT as members see it."""
    local: bool = True
    """Whether the keeper asks too: then one process alone works as without a crew."""
    members: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Name -> password."""
    tls: bool = False
    """Whether the bus speaks TLS alone: wherever other machines come to it."""

    def __post_init__(self) -> None:
        for name in self.members:
            check_id(name)
        if not 1 <= self.shards <= MAX_SHARDS:
            raise CrewSettingsError(f"分片数应为 1 至 {MAX_SHARDS} / shards: 1 to {MAX_SHARDS}")

    def users(self, edge_id: str) -> tuple[Mapping[str, object], ...]:
        """Return nats-server's users: each may do its own part only."""
        return tuple(
            {"user": name, "password": password, "permissions": permissions(edge_id, name)}
            for name, password in sorted(self.members.items())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSettings:
    """What one member is told."""

    edge_id: str
    name: str
    host: str
    port: int
    password: str = field(repr=False)
    shards: int
    key: bytes = field(repr=False)
    """The key of the fingerprints of refused credentials."""
    certificate: str = ""
    """The township's own, as PEM; empty: without TLS, on this very machine."""

    @property
    def trust(self) -> Trust | None:
        """What is believed of the bus."""
        return Trust(pem=self.certificate, name=name_of(self.edge_id)) if self.certificate else None

    def __post_init__(self) -> None:
        check_id(self.edge_id)
        check_id(self.name)
        if not 0 < self.port < 65536 or not 1 <= self.shards <= MAX_SHARDS or len(self.key) != 32 or not self.host:
            raise CrewSettingsError("不是轮询端凭证 / not the credentials of a poller")


def staffed(server: EdgeServer, folder: Path) -> EdgeServer:
    """Return an edge's server with its crew, if it has one; as it is where the file makes no sense, which is told."""
    try:
        crew = load(folder)
    except CrewSettingsError as error:
        _log.error("crew_unreadable", error=str(error))
        return server
    if crew is None:
        return server
    tls = Tls(cert=folder / CERT, key=folder / KEY) if crew.tls else None
    return replace(server, host=crew.host, users=crew.users(server.edge_id), clients_tls=tls)


def sealed(settings: CrewSettings, folder: Path, edge_id: str) -> CrewSettings:
    """Return the crew with TLS; its certificate is made where there is none yet. OSError where it can't be written."""
    cert, key = folder / CERT, folder / KEY
    if not (cert.is_file() and key.is_file()):
        make_certificate(edge_id, cert, key)
    return replace(settings, tls=True)


def trust_of(folder: Path, settings: CrewSettings | None, edge_id: str) -> Trust | None:
    """Return what a client of the bus believes; None where it speaks no TLS. CrewSettingsError: it can't be read."""
    if settings is None or not settings.tls:
        return None
    try:
        trust = Trust(pem=(folder / CERT).read_text(encoding="ascii"), name=name_of(edge_id))
        trust.context()
    except (OSError, ValueError) as error:
        raise CrewSettingsError(f"{folder / CERT}: {error}") from error
    return trust


async def follow(folder: Path, changed: Callable[[], None]) -> None:
    """Call `changed` whenever somebody was enlisted or discharged, until cancelled."""
    seen = await asyncio.to_thread(_stamp, folder / FILE)
    while True:
        await asyncio.sleep(LOOK_S)
        now = await asyncio.to_thread(_stamp, folder / FILE)
        if now != seen:
            seen = now
            changed()


def _stamp(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def save(folder: Path, settings: CrewSettings) -> Path:
    """Write the crew of an edge."""
    value = {
        "shards": settings.shards,
        "host": settings.host,
        "address": settings.address,
        "local": settings.local,
        "tls": settings.tls,
        "members": dict(settings.members),
    }
    write_private(folder / FILE, json.dumps(value, indent=1) + "\n")
    return folder / FILE


def load(folder: Path) -> CrewSettings | None:
    """Read the crew of an edge; None where there is none. CrewSettingsError where it makes no sense."""
    path = folder / FILE
    try:
        return CrewSettings(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise CrewSettingsError(f"{path}: {error}") from error


def enlisted(settings: CrewSettings, name: str) -> CrewSettings:
    """Return the crew with one member more, or with a new password for it. ValueError: no such name can be."""
    if check_id(name) in _OWN_NAMES:
        raise ValueError(f"{name}: 保留名称 / a name of our own")
    return replace(settings, members={**settings.members, name: new_password()})


def discharged(settings: CrewSettings, name: str) -> CrewSettings:
    """Return the crew without a member. ValueError where it is not in it."""
    if name not in settings.members:
        raise ValueError(f"{name} 不在其中 / is not one of them")
    return replace(settings, members={n: p for n, p in settings.members.items() if n != name})


def save_member(path: Path, settings: MemberSettings) -> None:
    """Write a member's file: as secret as the passwords of the cameras."""
    value = {
        "edge": settings.edge_id,
        "name": settings.name,
        "host": settings.host,
        "port": settings.port,
        "password": settings.password,
        "shards": settings.shards,
        "key": settings.key.hex(),
        "certificate": settings.certificate,
    }
    write_private(path, json.dumps(value, indent=1) + "\n")


def load_member(path: Path) -> MemberSettings:
    """Read a member's file. CrewSettingsError where there is none or it makes no sense."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return MemberSettings(
            edge_id=value["edge"],
            name=value["name"],
            host=value["host"],
            port=int(value["port"]),
            password=value["password"],
            shards=int(value["shards"]),
            key=bytes.fromhex(value["key"]),
            certificate=value.get("certificate", ""),
        )
    except FileNotFoundError as error:
        raise CrewSettingsError(
            f"没有 {path}；请在乡镇主机上 camkeeper edge enlist / no {path}: camkeeper edge enlist at the township"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CrewSettingsError(f"{path}: {error}") from error
