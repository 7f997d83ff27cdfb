"""Debian's lighttpd with mod_auth as the HTTP Digest snapshot host that most cameras are."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.peers.process import accepts, free_port, missing, program, running
from tests.peers.virtual_camera import CLIP

PASSWORD = "canary-lighttpd-2b7d"
REALM = "IP Camera(88231)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestHost:
    """Where the host listens, the picture it serves, and whom it asked for a password."""

    port: int
    user: str
    password: str = field(repr=False)
    picture: bytes = field(repr=False)
    log: Path
    host: str = "127.0.0.1"
    path: str = "/snapshot.jpg"

    @property
    def requests(self) -> list[tuple[int, bool]]:
        """The status of each request, and whether it carried a credential; complete when the host has ended.

        lighttpd keeps some seconds of its log in memory.
        """
        rows = [line.split(" ", 1) for line in self.log.read_text().splitlines()]
        return [(int(status), header.strip() != "-") for status, header in rows]

    @property
    def refused(self) -> int:
        """How many requests carried a credential that was refused; complete when the host has ended."""
        return sum(status == 401 and sent for status, sent in self.requests)


@contextmanager
def digest_host(
    folder: Path,
    *,
    algorithm: Literal["MD5", "SHA-256"] = "MD5",
    user: str = "admin",
    password: str = PASSWORD,
) -> Iterator[DigestHost]:
    """Run lighttpd in the foreground, serving one real surveillance picture behind Digest, until the block ends."""
    root = folder / "www"
    root.mkdir()
    picture = surveillance_picture(root / "snapshot.jpg")
    hashed = hashlib.new(algorithm.replace("-", ""), f"{user}:{REALM}:{password}".encode()).hexdigest()
    users = folder / "users"
    users.write_text(f"{user}:{REALM}:{hashed}\n")
    port, log = free_port(), folder / "access.log"
    config = folder / "lighttpd.conf"
    config.write_text(
        f"""server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ("mod_auth", "mod_authn_file", "mod_accesslog")
mimetype.assign = (".jpg" => "image/jpeg")
accesslog.filename = "{log}"
accesslog.format = "%>s %{{Authorization}}i"
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{users}"
auth.require = ("/" => ("method" => "digest", "algorithm" => "{algorithm}", "realm" => "{REALM}",
                        "require" => "valid-user"))
"""
    )
    command = [program("lighttpd"), "-D", "-f", str(config)]
    with running(command, ready=lambda: accepts(port), log=folder / "lighttpd.log"):
        yield DigestHost(port=port, user=user, password=password, picture=picture, log=log)


def surveillance_picture(path: Path) -> bytes:
    """Write one frame of Debian's surveillance clip as a JPEG and return its bytes."""
    if not CLIP.exists():
        missing(f"{CLIP} is missing: scripts/debian-packages.sh --test")
    command = [program("ffmpeg"), "-v", "error", "-i", str(CLIP), "-frames:v", "1", "-q:v", "4", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
    return path.read_bytes()
