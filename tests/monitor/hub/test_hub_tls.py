"""The county's board by TLS: `camkeeper hub run` as a process, a certificate, a client that verifies it."""

from __future__ import annotations

import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.monitor.hub.test_hub_login import PASSWORD, run
from tests.monitor.run.test_tls import certify, put
from tests.peers.county import ROOT, County, nats_server

from camkeeper.config import ConfigError
from camkeeper.hub import duty
from camkeeper.model.board import TlsSetting

BOARD = "board:\n  tls: {certificate: board.pem, key: board.key}\n"


def test_hub_yaml_names_the_pair_and_misses_it_aloud(tmp_path: Path) -> None:
    found = duty.read(BOARD.encode(), str(tmp_path / duty.FILE))
    assert found.tls == TlsSetting(certificate="board.pem", key="board.key")
    assert [warning.path for warning in found.warnings] == ["board.tls.certificate", "board.tls.key"]
    certify(tmp_path)
    assert duty.read(BOARD.encode(), str(tmp_path / duty.FILE)).warnings == ()
    assert duty.read(b"name: A\n", "hub.yaml").tls is None
    assert duty.read(duty.TEMPLATE.encode(), "hub.yaml").tls is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"board:\n  tls: {certificate: a.pem}\n", "key"),
        (b"board:\n  tsl: {certificate: a.pem, key: b.key}\n", "tls"),
        (b"board: yes\n", "board"),
    ],
)
def test_what_is_wrong_with_it_is_told(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        duty.read(text, "hub.yaml")
    assert said in "\n".join(str(fault) for fault in told.value.faults)


def test_plain_http_is_refused_beyond_loopback(county: County) -> None:
    county.init("e1")
    hub = str(county.hub_folder)
    assert run("access", "passwd", "admin", "--ledger", hub, given=f"{PASSWORD}\n")[0] == 0
    code, _, told = run("hub", "run", hub, "--listen", "0.0.0.0:0", "--nats-server", nats_server())
    assert code == 1
    assert "board.tls" in told
    assert not (county.hub_folder / "nats.conf").exists(), "nothing was started"
    (county.hub_folder / duty.FILE).write_text(BOARD, encoding="utf-8")
    code, _, told = run("hub", "run", hub, "--nats-server", nats_server())
    assert code == 1
    assert "board.pem" in told, "a certificate that is not there: not served in the clear instead"


@contextmanager
def running(county: County) -> Iterator[str]:
    """Run the hub on every address of this machine; yields the board's address as it tells it."""
    command = (sys.executable, "-m", "camkeeper", "hub", "run", str(county.hub_folder), "--listen", "0.0.0.0:0")
    with (
        (county.folder / "hub.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--nats-server", nats_server()], stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("看板"), county.logs()
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait(20)


def asked(address: str, context: ssl.SSLContext) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(address, timeout=20, context=context) as reply:  # noqa: S310 - our own board
            return reply.status, dict(reply.headers)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers)


@pytest.mark.slow
def test_the_board_by_tls(county: County) -> None:
    county.init("e1")
    hub = county.hub_folder
    certify(hub, "localhost")
    (hub / duty.FILE).write_text(BOARD, encoding="utf-8")
    assert run("access", "passwd", "admin", "--ledger", str(hub), given=f"{PASSWORD}\n")[0] == 0
    with running(county) as told:
        assert told.startswith("https://0.0.0.0:")
        address = told.replace("0.0.0.0", "localhost")
        knows = ssl.create_default_context(cafile=hub / "board.pem")
        assert asked(f"{address}api/v1/county", knows)[0] == 401
        status, headers = asked(f"{address}healthz", knows)
        assert status == 200
        assert "Strict-Transport-Security" in headers
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            asked(f"{address}healthz", ssl.create_default_context())
        with pytest.raises((urllib.error.URLError, OSError)):
            asked(f"{address}healthz".replace("https:", "http:"), knows)
        # A command on this machine comes by another name, and knows the certificate itself.
        put(hub / "hub.board", told.replace("0.0.0.0", "127.0.0.1").encode() + b"\n")
        code, secret, said = run("access", "token", "add", "抓取", "--role", "metrics", "--ledger", str(hub))
        assert code == 0, said
        assert secret.strip()
