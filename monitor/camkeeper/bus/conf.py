"""Configurations of nats-server, made from a few values. Pure. JSON is valid there, and quotes everything right.

Subjects: an edge's own stream is `camkeeper.edge.ID.>`; to the hub it asks `camkeeper.hub.ID.parcel` and tells
`camkeeper.hub.ID.beat`; answers come to `_INBOX.ID.>`. At the hub an edge's account may use those and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_PAYLOAD = 8 * 1024 * 1024
"""A configuration record of a county is a few hundred KiB; nats-server warns past 8 MiB."""
MEMORY_BYTES = 16 * 1024 * 1024
STREAM = "LEDGER"
_LIVELY: dict[str, Any] = {"ping_interval": "10s", "ping_max": 2}
"""A cut that nobody announces is noticed in half a minute; by default it takes six."""
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z", re.ASCII)


def check_id(edge_id: str) -> str:
    """Return an edge's id; ValueError where it cannot be part of a subject, a file name and a domain."""
    if not _ID.match(edge_id):
        raise ValueError(f"{edge_id!r}: 只能用小写字母、数字、- 和 _，最多 32 个 / a-z, 0-9, - and _, at most 32")
    return edge_id


def stream_subject(edge_id: str) -> str:
    """Where an edge keeps what waits for the hub."""
    return f"camkeeper.edge.{edge_id}.parcel"


def parcel_subject(edge_id: str) -> str:
    """Where the hub takes an edge's parcels."""
    return f"camkeeper.hub.{edge_id}.parcel"


def beat_subject(edge_id: str) -> str:
    """Where the hub hears that an edge lives."""
    return f"camkeeper.hub.{edge_id}.beat"


def inbox(edge_id: str) -> str:
    """Where the hub's answers come to."""
    return f"_INBOX.{edge_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files of a TLS end; `ca` of the other side's certificates."""

    cert: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    verify: bool = False
    """Whether edges must show a certificate."""

    def conf(self) -> dict[str, Any]:
        """Return nats-server's words for it."""
        named = {"cert_file": self.cert, "key_file": self.key, "ca_file": self.ca}
        out: dict[str, Any] = {name: str(path) for name, path in named.items() if path is not None}
        return out | ({"verify": True} if self.verify else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeServer:
    """The server of a township."""

    edge_id: str
    port: int
    password: str = field(repr=False)
    """Of the local clients."""
    hub_url: str = field(repr=False)
    """`nats-leaf://USER:PASSWORD@HOST:PORT`, or `tls://...`."""
    store: Path
    max_store_bytes: int
    tls: Tls | None = None
    credentials: Path | None = None
    sync_always: bool = True
    """fsync before each acknowledgement; by default a server does so every two minutes. 2.9 does not know it."""
    host: str = "127.0.0.1"
    """Where clients come to: other machines only where the township has a crew of pollers."""
    users: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
    """Who else may come, and what for."""
    clients_tls: Tls | None = None
    """For those who come by the network; then nobody comes without."""

    def conf(self) -> str:
        """Return the configuration file."""
        remote: dict[str, Any] = {"url": self.hub_url}
        if self.tls is not None:
            remote["tls"] = self.tls.conf()
        if self.credentials is not None:
            remote["credentials"] = str(self.credentials)
        jetstream: dict[str, Any] = {
            "store_dir": str(self.store),
            "domain": self.edge_id,
            # Leases of pollers live in memory: they last for seconds.
            "max_memory_store": MEMORY_BYTES if self.users else 0,
            "max_file_store": self.max_store_bytes,
        }
        if self.sync_always:
            jetstream["sync_interval"] = "always"
        sealed = {} if self.clients_tls is None else {"tls": self.clients_tls.conf()}
        return _written(
            {
                "server_name": f"camkeeper-edge-{self.edge_id}",
                **sealed,
                "host": self.host,
                "port": self.port,
                "max_payload": MAX_PAYLOAD,
                **_LIVELY,
                "authorization": {"users": [{"user": "edge", "password": self.password}, *self.users]},
                "jetstream": jetstream,
                # An integer: 2.9 crashes on "2s".
                "leafnodes": {"reconnect": 2, "remotes": [remote]},
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HubServer:
    """The server of a county. It stores nothing: what counts is in the copies before it is answered for."""

    port: int
    password: str = field(repr=False)
    leaf_host: str
    leaf_port: int
    advertise: str
    """The address that edges are told to come back to."""
    edges: Mapping[str, str] = field(repr=False)
    """Edge id -> password."""
    tls: Tls | None = None

    def conf(self) -> str:
        """Return the configuration file."""
        users: list[dict[str, Any]] = [{"user": "hub", "password": self.password}]
        for edge_id, password in sorted(self.edges.items()):
            mine = {"publish": [f"camkeeper.hub.{edge_id}.>"], "subscribe": [f"{inbox(edge_id)}.>"]}
            users.append({"user": edge_id, "password": password, "permissions": mine})
        leafnodes: dict[str, Any] = {"host": self.leaf_host, "port": self.leaf_port, "advertise": self.advertise}
        if self.tls is not None:
            leafnodes["tls"] = self.tls.conf()
        return _written(
            {
                "server_name": "camkeeper-hub",
                "host": "127.0.0.1",
                "port": self.port,
                "max_payload": MAX_PAYLOAD,
                **_LIVELY,
                "authorization": {"users": users},
                "leafnodes": leafnodes,
            }
        )


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
