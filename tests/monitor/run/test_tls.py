"""The board by TLS: real sockets, a real certificate, renewed while it runs; and a real monitor that commands find."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from tests.monitor.access.test_commands import CONFIG, PLAIN, PROGRAM, access

from camkeeper.model.board import TlsSetting
from camkeeper.run.board import BoardError, serving
from camkeeper.run.tls import Tls

SETTING = TlsSetting(certificate="board.pem", key="board.key")


def certify(folder: Path, name: str = "cams.town.example", *, passphrase: bytes = b"") -> bytes:
    """Write a pair as its authority would, replaced whole; returns the certificate in DER."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)  # noqa: TID251 - certificates have dates
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=60))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(private, hashes.SHA256())
    )
    sealing = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    put(folder / "board.pem", made.public_bytes(Encoding.PEM))
    put(folder / "board.key", private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
    return made.public_bytes(Encoding.DER)


def put(path: Path, data: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(data)
    fresh.chmod(0o600)
    fresh.replace(path)


def shown(address: str, *, name: str | None = None, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """Return the certificate that a browser would be shown; `name` None: it went to a bare address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = version
    port = int(address.rstrip("/").rpartition(":")[2])
    sock = socket.create_connection(("127.0.0.1", port), 5)
    with sock, context.wrap_socket(sock, server_hostname=name) as tls:
        return tls.getpeercert(binary_form=True) or b""


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_renewed_certificate_counts_without_a_restart(tmp_path: Path, version: ssl.TLSVersion) -> None:
    first = certify(tmp_path)
    tls = Tls(SETTING, tmp_path)
    async with serving(web.AppRunner(web.Application()), "127.0.0.1", 0, tls=tls.context) as address:
        assert address.startswith("https://")
        for name in (None, "cams.town.example"):
            assert await asyncio.to_thread(shown, address, name=name, version=version) == first
        assert tls.look(SETTING) is False
        old_key = (tmp_path / "board.key").read_bytes()
        second = certify(tmp_path)
        new_key = (tmp_path / "board.key").read_bytes()
        put(tmp_path / "board.key", old_key)  # the moment between two files
        assert tls.look(SETTING) is False
        assert await asyncio.to_thread(shown, address, version=version) == first
        put(tmp_path / "board.key", new_key)
        assert tls.look(SETTING) is True
        for name in (None, "cams.town.example"):
            assert await asyncio.to_thread(shown, address, name=name, version=version) == second
        (tmp_path / "board.pem").unlink()
        assert tls.look(SETTING) is False
        assert await asyncio.to_thread(shown, address, version=version) == second


async def test_old_protocols_are_refused(tmp_path: Path) -> None:
    certify(tmp_path)
    async with serving(web.AppRunner(web.Application()), "127.0.0.1", 0, tls=Tls(SETTING, tmp_path).context) as address:
        with pytest.warns(DeprecationWarning, match="TLSv1_1"), pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(shown, address, version=ssl.TLSVersion.TLSv1_1)


def test_pairs_that_do_not_work(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="No such file"):
        Tls(SETTING, tmp_path)
    certify(tmp_path, passphrase=b"canary-8810")
    with pytest.raises(BoardError, match="私钥有口令") as told:
        Tls(SETTING, tmp_path)
    assert "canary" not in str(told.value)
    key = (tmp_path / "board.key").read_bytes()
    certify(tmp_path)
    put(tmp_path / "board.key", key)
    with pytest.raises(BoardError, match="passphrase"):
        Tls(SETTING, tmp_path)
    put(tmp_path / "board.pem", b"no certificate")
    with pytest.raises(BoardError, match="no certificate in PEM"):
        Tls(SETTING, tmp_path)


@contextmanager
def monitor(folder: Path, *words: str) -> Iterator[str]:
    """Run a monitor whose board has TLS; yields its address."""
    config = folder / "cameras.yaml"
    config.write_text(f"{CONFIG}board: {{tls: {{certificate: board.pem, key: board.key}}}}\n", encoding="utf-8")
    command = [*PROGRAM, "run", "--config", str(config), "--ledger", str(folder / "t.ledger"), "--log", "json"]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0", *words], stdout=subprocess.PIPE, stderr=log, text=True, env=PLAIN
        )
        try:
            assert process.stdout is not None
            found = re.search(r"https://\S+", process.stdout.readline())
            assert found, (folder / "log").read_text()
            yield found[0]
        finally:
            process.terminate()
            process.wait(20)
            assert process.stdout is not None
            process.stdout.close()


async def test_a_monitor_with_tls(tmp_path: Path) -> None:
    """HSTS, Secure cookies, commands on this machine, and a certificate renewed under a running monitor."""
    certify(tmp_path)
    ledger = tmp_path / "t.ledger"
    await asyncio.to_thread(access, ledger, "passwd", "admin", line="ein-langes-wort-4711\n")
    with monitor(tmp_path) as address:
        trusted = ssl.create_default_context(cafile=str(tmp_path / "board.pem"))
        trusted.check_hostname = False
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            async with session.get(f"{address}login", ssl=trusted) as page:
                text = await page.text()
                assert page.status == 200
                assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
            form = {**dict(re.findall(r'name="(\w+)" value="([^"]*)"', text)), "name": "admin"}
            form["password"] = "ein-langes-wort-4711"
            headers = {"Origin": address.rstrip("/")}
            async with session.post(
                f"{address}login", data=form, headers=headers, ssl=trusted, allow_redirects=False
            ) as reply:
                assert reply.status == 303, await reply.text()
                set_ = [c for c in reply.headers.getall("Set-Cookie") if "__Host-" in c]
                assert set_
                assert all("Secure" in c and "HttpOnly" in c for c in set_)
            async with session.get(address, ssl=trusted) as page:
                assert page.status == 200
        with pytest.raises(OSError, match=r"closed|reset"):  # plain HTTP finds nothing there
            urllib.request.urlopen(address.replace("https", "http"), timeout=5)  # noqa: ASYNC210, S310
        pin = (tmp_path / "t.boardpin").read_text()
        assert await asyncio.to_thread(_added, ledger, "anna") == 0
        second = certify(tmp_path)
        async with asyncio.timeout(20):
            while (tmp_path / "t.boardpin").read_text() == pin:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.2)
        assert await asyncio.to_thread(shown, address) == second
        assert await asyncio.to_thread(_added, ledger, "beth") == 0
        (tmp_path / "t.boardpin").write_text(pin, encoding="ascii")
        assert await asyncio.to_thread(_added, ledger, "carl") == 1  # somebody else there: not even the key is sent
    assert "plain_http" not in (tmp_path / "log").read_text()


def _added(ledger: Path, name: str) -> int:
    """Run a command that goes through the board."""
    command = [*PROGRAM, "access", "add", name, "--role", "official", "--ledger", str(ledger)]
    return subprocess.run(command, capture_output=True, env=PLAIN, check=False, timeout=60).returncode


def _started(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "cameras.yaml").write_text(CONFIG, encoding="utf-8")
    command = [*PROGRAM, "run", "--config", str(folder / "cameras.yaml"), "--ledger", str(folder / "t.ledger")]
    return subprocess.run([*command, *words], capture_output=True, text=True, env=PLAIN, check=False, timeout=60)


def test_not_beyond_loopback_with_the_first_password_or_an_open_door(tmp_path: Path) -> None:
    refused = _started(tmp_path, "--listen", "0.0.0.0:0")
    assert refused.returncode == 1
    assert "不能对外监听" in refused.stderr
    assert "camkeeper access passwd admin" in refused.stderr
    opened = _started(tmp_path, "--listen", "0.0.0.0:0", "--login", "open")
    assert opened.returncode == 1
    assert "loopback only" in opened.stderr
    assert not (tmp_path / "t.board").exists()  # nothing was ever listening


def test_a_certificate_that_is_not_there_is_told_at_start(tmp_path: Path) -> None:
    config = f"{CONFIG}board: {{tls: {{certificate: a.pem, key: a.key}}}}\n"
    (tmp_path / "cameras.yaml").write_text(config, encoding="utf-8")
    command = [*PROGRAM, "run", "--config", str(tmp_path / "cameras.yaml"), "--ledger", str(tmp_path / "t.ledger")]
    done = subprocess.run(
        [*command, "--listen", "127.0.0.1:0"], capture_output=True, text=True, env=PLAIN, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "无法启动：board.tls" in done.stderr
    check = subprocess.run(
        [*PROGRAM, "check", str(tmp_path / "cameras.yaml"), "--json"],
        capture_output=True,
        text=True,
        env=PLAIN,
        check=False,
        timeout=60,
    )
    warned = [row["path"] for row in json.loads(check.stdout)["warnings"]]
    assert warned == ["board.tls.certificate", "board.tls.key"]
