"""A township that reports to its county and writes to people: edge, hub and a webhook, each a process or a socket.

    township (virtual cameras, some malicious) -> edge -> hub -> pages
                                                    '-> letters -> webhook

What they leave behind is for `rel.canary` to search.
"""

from __future__ import annotations

import http.server
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from rel.town import camkeeper, end, environment, with_us

EDGE = "e1"
TOKEN = "canary-webhook-token-5c1e"  # noqa: S105 - of our own webhook
SIGNING = "canary-webhook-signing-90ab"
SECRETS = {"CANARY_TOKEN": TOKEN, "CANARY_SIGNING": SIGNING}


@dataclass
class Webhook:
    """Takes whatever is sent to it, and keeps each letter as a file."""

    folder: Path
    address: str = ""
    bearers: set[str] = field(default_factory=set)
    """What came in `Authorization`, where the token belongs; it is not in the files."""

    @property
    def letters(self) -> int:
        """How many came."""
        return len(list(self.folder.glob("letter-*")))

    @contextmanager
    def listening(self) -> Iterator[Webhook]:
        """Listen on loopback until the block ends."""
        self.folder.mkdir()
        hook = self

        class Taker(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.bearers.add(self.headers.get("Authorization", ""))
                del self.headers["Authorization"]
                head = f"{self.path}\n{self.headers}".encode()
                (hook.folder / f"letter-{hook.letters:04d}").write_bytes(head + body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Nothing."""

        server = http.server.HTTPServer(("127.0.0.1", 0), Taker)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_port}/hook"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join(10)

    def channel(self) -> dict[str, str]:
        """Return it as a channel of a configuration."""
        return {
            "id": "hook",
            "kind": "webhook",
            "url": self.address,
            "token": "env:CANARY_TOKEN",
            "secret": "env:CANARY_SIGNING",
        }


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def said(*words: str, log: Path) -> str:
    """Run a command of the product, keep all that it says in `log`, and return its standard output."""
    done = subprocess.run(
        camkeeper(*words), capture_output=True, text=True, check=False, env=environment(SECRETS), timeout=120
    )
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{' '.join(words[:2])}: {done.returncode}\n{done.stdout}{done.stderr}\n")
    if done.returncode != 0:
        raise RuntimeError(f"camkeeper {' '.join(words[:2])}: {done.returncode}: {done.stderr[-300:]}")
    return done.stdout


@dataclass(frozen=True, kw_only=True)
class Serving:
    """A process with a board."""

    process: subprocess.Popen[str]
    address: str

    def devices(self, status: str) -> int:
        """Return how many of its devices have this status now, by its metrics."""
        with urllib.request.urlopen(f"{self.address}metrics", timeout=30) as reply:  # noqa: S310 - our own
            families = text_string_to_metric_families(reply.read().decode())
            samples = [sample for family in families for sample in family.samples if sample.name == "camkeeper_devices"]
        return round(sum(sample.value for sample in samples if sample.labels["status"] == status))

    def keep(self, pages: Sequence[str], out: Path, name: str) -> int:
        """Write pages into a folder; return how many there were."""
        kept = 0
        for number, page in enumerate(pages):
            with (
                suppress(urllib.error.URLError),
                urllib.request.urlopen(f"{self.address}{page}", timeout=30) as reply,  # noqa: S310 - our own
            ):
                (out / f"page-{name}-{number}").write_bytes(reply.read())
                kept += 1
        return kept


@contextmanager
def served(*words: str, log: Path, env: Mapping[str, str]) -> Iterator[Serving]:
    """Run a command with a board until the block ends."""
    with log.open("a") as told:
        process = subprocess.Popen(
            camkeeper(*words),
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
            env=environment(env),
            preexec_fn=with_us,  # noqa: PLW1509 - the child makes one call of the kernel, and no other
        )
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"http://\S+", line)
        if found is None:
            raise RuntimeError(f"{words[0]} did not start: {line}{log.read_text()[-500:]}")
        yield Serving(process=process, address=found[0])
    finally:
        end(process)


@contextmanager
def county(folder: Path, config: Path, webhook: Webhook) -> Iterator[tuple[Serving, Serving]]:
    """Run a hub and an edge of `config` under it; yields (hub, edge). Logs and folders lie in `folder`."""
    hub, edge, log = folder / "hub", folder / "edge", folder / "commands.log"
    leaf = f"127.0.0.1:{free_port()}"
    said("hub", "init", str(hub), "--leaf", leaf, "--advertise", leaf, "--port", str(free_port()), log=log)
    channel = "".join(f", {key}: {value!r}" for key, value in webhook.channel().items() if key != "id")
    (hub / "hub.yaml").write_text(f"name: 县\nchannels:\n  - {{id: hook{channel}}}\n", encoding="utf-8")
    # What `enrol` prints is the edge's password by design, so it goes to nobody but the edge.
    url = said("hub", "enrol", str(hub), EDGE, log=folder.parent / "enrolled").strip().splitlines()[0]
    said("edge", "init", str(edge), "--id", EDGE, "--hub", url, "--port", str(free_port()), log=log)
    board = ("--listen", "127.0.0.1:0", "--login", "open", "--log", "json")
    with (
        served("hub", "run", str(hub), *board, log=folder / "hub.log", env=SECRETS) as above,
        served(
            "edge", "run", str(edge), "--config", str(config), *board, log=folder / "edge.log", env=SECRETS
        ) as below,
    ):
        yield above, below
