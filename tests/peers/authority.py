"""A certificate authority of one's own, made by openssl: as a county that runs its own would."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.peers.process import program

_NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate and its key."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who signs."""

    own: Certificate

    def issue(self, name: str, *, host: str = "127.0.0.1", use: str = "serverAuth,clientAuth") -> Certificate:
        """Return a certificate of a host, signed by us."""
        folder = self.own.cert.parent
        made = Certificate(cert=folder / f"{name}.pem", key=folder / f"{name}.key")
        command = f"req -x509 {_NEW_KEY} -CA {self.own.cert} -CAkey {self.own.key} -subj /CN={name}"
        names = f"-addext subjectAltName=IP:{host} -addext extendedKeyUsage={use} -addext basicConstraints=CA:FALSE"
        _openssl(f"{command} {names} -keyout {made.key} -out {made.cert}")
        return made


def authority(folder: Path) -> Authority:
    """Make one."""
    folder.mkdir(parents=True, exist_ok=True)
    own = Certificate(cert=folder / "ca.pem", key=folder / "ca.key")
    _openssl(f"req -x509 {_NEW_KEY} -subj /CN=county -keyout {own.key} -out {own.cert}")
    return Authority(own=own)


def _openssl(words: str) -> None:
    subprocess.run([program("openssl"), *words.split()], check=True, capture_output=True, timeout=60)
