"""What a hub is told: one private file in its folder, with the edges that may speak to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from camkeeper.bus.conf import HubServer, Tls, check_id
from camkeeper.bus.private import new_password, write_private

FILE = "hub.json"


class HubSettingsError(ValueError):
    """A folder that is no hub's, or values that no hub can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """A hub: where it listens, who may come."""

    password: str = field(repr=False)
    """Of its own client."""
    port: int
    leaf_host: str
    leaf_port: int
    advertise: str
    edges: Mapping[str, str] = field(default_factory=dict, repr=False)
    cert: str | None = None
    key: str | None = None
    ca: str | None = None

    def __post_init__(self) -> None:
        for edge_id in self.edges:
            check_id(edge_id)
        if (self.cert is None) != (self.key is None):
            raise HubSettingsError("证书和私钥要一起给 / a certificate and its key come together")

    @property
    def tls(self) -> Tls | None:
        """The hub's end of TLS; None: in the clear."""
        if self.cert is None or self.key is None:
            return None
        ca = None if self.ca is None else Path(self.ca)
        return Tls(cert=Path(self.cert), key=Path(self.key), ca=ca, verify=ca is not None)

    def server(self) -> HubServer:
        """Return the server that goes with it."""
        return HubServer(
            port=self.port,
            password=self.password,
            leaf_host=self.leaf_host,
            leaf_port=self.leaf_port,
            advertise=self.advertise,
            edges=self.edges,
            tls=self.tls,
        )

    def url_of(self, edge_id: str) -> str:
        """Return what an edge is to be told: `camkeeper edge init --hub`."""
        scheme = "tls" if self.tls is not None else "nats-leaf"
        return f"{scheme}://{edge_id}:{self.edges[edge_id]}@{self.advertise}"


def save(folder: Path, settings: HubSettings) -> None:
    """Write the settings."""
    value = {
        "password": settings.password,
        "port": settings.port,
        "leaf_host": settings.leaf_host,
        "leaf_port": settings.leaf_port,
        "advertise": settings.advertise,
        "edges": dict(settings.edges),
        "cert": settings.cert,
        "key": settings.key,
        "ca": settings.ca,
    }
    write_private(folder / FILE, json.dumps(value, indent=1) + "\n")


def load(folder: Path) -> HubSettings:
    """Read a hub's settings; HubSettingsError where there are none or they make no sense."""
    path = folder / FILE
    try:
        return HubSettings(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise HubSettingsError(f"没有 {path}，请先 camkeeper hub init / no {path}: camkeeper hub init first") from error
    except (OSError, ValueError, TypeError) as error:
        raise HubSettingsError(f"{path}: {error}") from error


def enrolled(settings: HubSettings, edge_id: str) -> HubSettings:
    """Return the settings with one edge more; ValueError where it is there or has no possible id."""
    if check_id(edge_id) in settings.edges:
        raise ValueError(f"{edge_id} 已登记 / is enrolled already")
    if edge_id == "hub":
        raise ValueError("hub 是平台自己的名字 / is the hub's own name")
    return replace(settings, edges={**settings.edges, edge_id: new_password()})


def dismissed(settings: HubSettings, edge_id: str) -> HubSettings:
    """Return the settings without an edge; its copy stays. ValueError where it is not enrolled."""
    if edge_id not in settings.edges:
        raise ValueError(f"{edge_id} 未登记 / is not enrolled")
    return replace(settings, edges={i: p for i, p in settings.edges.items() if i != edge_id})
