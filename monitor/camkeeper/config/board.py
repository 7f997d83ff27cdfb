"""`board`: how the pages are reached. Without the section: plain HTTP, for loopback or behind a reverse proxy."""

from __future__ import annotations

from pathlib import Path

from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry
from camkeeper.config.findings import Findings
from camkeeper.model.board import TlsSetting


class TlsEntry(Entry):
    """A certificate and its key."""

    certificate: s.Text
    key: s.Text


class BoardEntry(Entry):
    """How the pages are reached."""

    tls: TlsEntry | None = None


def build(e: BoardEntry | None) -> TlsSetting | None:
    """Return the setting; None: no TLS."""
    if e is None or e.tls is None:
        return None
    return TlsSetting(certificate=e.tls.certificate, key=e.tls.key)


def check(e: BoardEntry, folder: Path, findings: Findings) -> None:
    """Warn of a certificate that is not there: it may come later than the configuration, and before the start."""
    for key in ("certificate", "key") if e.tls is not None else ():
        path = folder / getattr(e.tls, key)
        try:
            there = path.exists()
        except OSError:  # a folder that only the service may look into
            continue
        if not there:
            findings.warn(
                ("board", "tls", key),
                zh=f"没有文件 {path}；没有它看板不启动",
                en=f"there is no file {path}; the board does not start without it",
            )
