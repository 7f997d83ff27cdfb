"""The board's TLS: a certificate that is renewed on disk counts for the next connection, without a restart.

A context that serves is never changed: OpenSSL would hold a new certificate with the old key where the second of two
files is still to come. Each pair is loaded into a context of its own, and the handshake asks which one is newest.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from cryptography import x509

from camkeeper.model.board import TlsSetting
from camkeeper.run.board import BoardError

LOOK_S = 5.0
"""How often it is looked whether the files were replaced."""
_MAX_BYTES = 1 << 20
_log = structlog.get_logger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One pair that works."""

    context: ssl.SSLContext
    leaf_der: bytes
    expires_s: int
    """End of the certificate's validity, UTC seconds."""


class Tls:
    """The pair in force. One owner, the event loop."""

    def __init__(self, setting: TlsSetting, folder: Path) -> None:
        """Load the pair; BoardError where it does not work."""
        self._folder, self._setting = folder, setting
        self._stamp = _stamp(self._paths())
        try:
            self.now = loaded(*self._paths())
        except (OSError, ValueError) as error:
            raise BoardError(f"board.tls：{error}") from error
        self.context = _outer(lambda: self.now.context)
        """For the listening socket."""

    def _paths(self) -> tuple[Path, Path]:
        return self._folder / self._setting.certificate, self._folder / self._setting.key

    def look(self, setting: TlsSetting | None) -> bool:
        """Take what was replaced, or what `setting` names now; True where a new pair is in force.

        A pair that does not work is told and the old one stays: the second file may be still to come.
        """
        if setting is not None and setting != self._setting:
            self._setting, self._stamp = setting, ()
        stamp = _stamp(self._paths())
        if stamp == self._stamp:
            return False
        try:
            self.now, self._stamp = loaded(*self._paths()), stamp
        except (OSError, ValueError) as error:
            _log.warning("certificate_refused", error=str(error), zh="新证书不能用，仍用旧的", en="the old one stays")
            return False
        _log.info("certificate_taken", certificate=str(self._paths()[0]), expires_s=self.now.expires_s)
        return True

    async def run(self, setting: Callable[[], TlsSetting | None], taken: Callable[[], None]) -> None:
        """Look until cancelled; `taken` is called after each new pair."""
        while True:
            await asyncio.sleep(LOOK_S)
            if await asyncio.to_thread(self.look, setting()):
                taken()


def loaded(certificate: Path, key: Path) -> Loaded:
    """Load a pair. ValueError or OSError with the remedy, in both languages."""
    leaf = _leaf(certificate)
    context = _context()
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except ssl.SSLError as error:
        raise ValueError(
            f"{certificate} 与 {key} 不成对，或私钥有口令（{error.reason}）；请用不带口令的 PEM"
            f" / they do not belong together, or the key has a passphrase ({error.reason}); give PEM without one"
        ) from None
    der = ssl.PEM_cert_to_DER_cert(leaf)
    return Loaded(
        context=context,
        leaf_der=der,
        expires_s=int(x509.load_der_x509_certificate(der).not_valid_after_utc.timestamp()),
    )


def _no_passphrase() -> str:
    raise ValueError("私钥有口令；请用不带口令的 PEM / the key has a passphrase; give PEM without one")


def _leaf(certificate: Path) -> str:
    with certificate.open("rb") as file:
        text = file.read(_MAX_BYTES).decode("ascii", errors="replace")
    begin, end = text.find("-----BEGIN CERTIFICATE-----"), text.find("-----END CERTIFICATE-----")
    if not 0 <= begin < end:
        raise ValueError(f"{certificate}：不是 PEM 证书 / no certificate in PEM")
    return text[begin : end + len("-----END CERTIFICATE-----")] + "\n"


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _outer(newest: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Return the context of the socket, which hands each connection on to the newest pair."""
    context = _context()

    # OpenSSL asks also where the browser names nobody, because it went to a bare address.
    def choose(connection: ssl.SSLObject, _name: str | None, _own: ssl.SSLContext) -> None:
        connection.context = newest()

    context.sni_callback = choose
    return context


def _stamp(paths: tuple[Path, Path]) -> _Stamp:
    out = []
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            out.append((0, 0, 0))
            continue
        out.append((state.st_mtime_ns, state.st_size, state.st_ino))
    return tuple(out)
