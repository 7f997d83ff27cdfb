"""Debian's snmpd as a switch with a management card."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.process import free_port, program, running

COMMUNITY = "canary-community-7f3a"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpAgent:
    """Where the agent listens."""

    host: str
    port: int
    community: str = field(repr=False)


@contextmanager
def snmp_agent(folder: Path) -> Iterator[SnmpAgent]:
    """Run snmpd in the foreground with a configuration of its own until the block ends."""
    port = free_port(socket.SOCK_DGRAM)
    config = folder / "snmpd.conf"
    config.write_text(f"agentaddress udp:127.0.0.1:{port}\nrocommunity {COMMUNITY} 127.0.0.1\n")
    command = [program("snmpd"), "-f", "-Lo", "-C", "-c", str(config), "-p", str(folder / "pid")]
    log = folder / "snmpd.log"
    env = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(folder / "var")}
    with running(command, ready=lambda: b"NET-SNMP version" in log.read_bytes(), log=log, env=env):
        yield SnmpAgent(host="127.0.0.1", port=port, community=COMMUNITY)
