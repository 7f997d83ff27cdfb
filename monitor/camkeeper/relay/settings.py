"""What an edge is told once, by `camkeeper edge init`: one private file in its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from camkeeper.bus.conf import EdgeServer, Tls, check_id
from camkeeper.bus.private import write_private

FILE = "edge.json"
SCHEMES = frozenset({"nats-leaf", "tls", "nats", "ws", "wss"})


class SettingsError(ValueError):
    """A folder that is no edge's, or values that no edge can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """An edge: who it is, where its hub is."""

    edge_id: str
    hub_url: str = field(repr=False)
    password: str = field(repr=False)
    """Of its own server."""
    port: int
    max_store_bytes: int
    ca: str | None = None
    credentials: str | None = None
    cert: str | None = None
    key: str | None = None
    """Shown to a hub that wants certificates of its edges."""

    def __post_init__(self) -> None:
        check_id(self.edge_id)
        url = urlsplit(self.hub_url)
        if url.scheme not in SCHEMES or not url.hostname:
            raise SettingsError(
                "--hub: 应为 nats-leaf://用户:密码@主机:端口 / want nats-leaf://USER:PASSWORD@HOST:PORT"
            )
        if not 0 < self.port < 65536 or self.max_store_bytes < 1024 * 1024:
            raise SettingsError("端口或容量不对 / no such port, or less than 1 MiB")
        if (self.cert is None) != (self.key is None):
            raise SettingsError("证书和私钥要一起给 / a certificate and its key come together")

    def server(self, folder: Path, *, sync_always: bool) -> EdgeServer:
        """Return the server that goes with it."""
        return EdgeServer(
            edge_id=self.edge_id,
            port=self.port,
            password=self.password,
            hub_url=self.hub_url,
            store=folder / "jetstream",
            max_store_bytes=self.max_store_bytes,
            tls=self._tls(),
            credentials=None if self.credentials is None else Path(self.credentials),
            sync_always=sync_always,
        )

    def _tls(self) -> Tls | None:
        """Return our end of TLS; None: none, or one with the certificates that this machine trusts anyway."""
        cert, key, ca = (None if name is None else Path(name) for name in (self.cert, self.key, self.ca))
        return None if cert is None and ca is None else Tls(cert=cert, key=key, ca=ca)


def save(folder: Path, settings: EdgeSettings) -> Path:
    """Write the settings into the edge's folder; FileExistsError where there are some."""
    path = folder / FILE
    if path.exists():
        raise FileExistsError(path)
    value = {
        "edge": settings.edge_id,
        "hub": settings.hub_url,
        "password": settings.password,
        "port": settings.port,
        "max_store_bytes": settings.max_store_bytes,
        "ca": settings.ca,
        "credentials": settings.credentials,
        "cert": settings.cert,
        "key": settings.key,
    }
    write_private(path, json.dumps(value, indent=1) + "\n")
    return path


def load(folder: Path) -> EdgeSettings:
    """Read an edge's settings; SettingsError where there are none or they make no sense."""
    path = folder / FILE
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return EdgeSettings(
            edge_id=value["edge"],
            hub_url=value["hub"],
            password=value["password"],
            port=int(value["port"]),
            max_store_bytes=int(value["max_store_bytes"]),
            ca=value.get("ca"),
            credentials=value.get("credentials"),
            cert=value.get("cert"),
            key=value.get("key"),
        )
    except FileNotFoundError as error:
        raise SettingsError(f"没有 {path}，请先 camkeeper edge init / no {path}: camkeeper edge init first") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path}: {error}") from error
