"""A consistent copy while the monitor runs, read back before it is called a backup.

Each database is copied by SQLite itself inside one reading transaction; files that people handed in are copied after
the ledger, and a record never names a file that was not there before it. The archive has its final name only after
every byte of it was read again and proved: a kill at any moment leaves no half of one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from camkeeper.backup import contents as c
from camkeeper.ledger import LedgerError, LedgerReader
from camkeeper.ledger.closing import all_closings
from camkeeper.ledger.schema import reader_uri
from camkeeper.ledger.verify import verify
from camkeeper.model.registry import Registry

KEPT = 14
"""Daily backups of one ledger that stay in a folder."""
_PART = 1 << 20
_TEMP = ".new-backup-"
_NAME = re.compile(r"camkeeper-[0-9a-f]{8}-\d{8}T\d{6}Z\.tar\Z", re.ASCII)


class BackupError(Exception):
    """A backup that was not made, or that cannot be used. Says why in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One that is there."""

    path: Path
    bytes: int
    manifest: dict[str, Any]


def backup(
    ledger: Path, config: Path, registry: Registry | None, target: Path, at_ms: int, *, private: bool = False
) -> Backup:
    """Write a backup into a folder (named by ledger and time), or to a file whose name ends in .tar.

    `private`: with an edge's and its pollers' secret files, so that the backup is a secret itself.

    BackupError where it cannot be, OSError where the disk does not take it; then nothing new is there.
    """
    if not ledger.exists():
        raise BackupError(f"没有这个账本：{ledger} / there is no ledger {ledger}")
    folder = target.parent if target.suffix == ".tar" else target
    folder.mkdir(parents=True, exist_ok=True)
    with _turn(folder):
        for stale in folder.glob(f"{_TEMP}*"):  # of one that was killed: nobody else is at it now
            _remove(stale)
        with tempfile.TemporaryDirectory(dir=folder, prefix=_TEMP) as name:
            return _made(ledger, config, registry, target, Path(name), at_ms, private=private)


def _made(
    ledger: Path, config: Path, registry: Registry | None, target: Path, work: Path, at_ms: int, *, private: bool
) -> Backup:
    databases = c.databases_of(ledger)
    members: list[tuple[str, Path]] = []
    for name, path in ((c.LEDGER, databases.ledger), (c.ALBUM, databases.album), (c.ACCESS, databases.access)):
        if path.exists():
            _copy_database(path, work / name, c.forgotten(name))
            members.append((name, work / name))
    proof = verify(work / c.LEDGER)
    if not proof.ok:
        fault = proof.faults[0]
        raise BackupError(f"账本不完整，先核验：{fault.zh} / the ledger does not hold: {fault.en}")
    members += c.evidence(ledger) + c.configuration(config, registry)
    secret = c.private(ledger)
    members += secret if private else []
    archive = work / "archive.tar"
    facts = {
        "format": c.FORMAT,
        "at_ms": at_ms,
        "by_hand": c.by_hand(registry, () if private else [name for name, _ in secret]),
        "ledger": facts_of(work / c.LEDGER),
    }
    manifest = _pack(archive, members, facts)
    check(archive)
    made = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    final = target if target.suffix == ".tar" else target / f"camkeeper-{facts_id(manifest)}-{made}.tar"
    archive.replace(final)
    _sync(final.parent)
    return Backup(path=final, bytes=final.stat().st_size, manifest=manifest)


def _copy_database(source: Path, target: Path, empty: tuple[str, ...]) -> None:
    with (
        contextlib.closing(sqlite3.connect(reader_uri(source), uri=True)) as there,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as here,
    ):
        there.backup(here)
        here.execute("PRAGMA secure_delete = ON")
        tables = {name for (name,) in here.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for table in empty:
            if table in tables:
                here.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
        here.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        here.execute("PRAGMA journal_mode = DELETE")


def facts_of(ledger: Path) -> dict[str, Any]:
    """Return what a restored ledger is held against: identity, head, digests of the closed months."""
    with LedgerReader(ledger) as reader, reader.reading() as db:
        ledger_id, created_ms = db.execute("SELECT ledger_id, created_ms FROM ledger").fetchone()
        head = db.execute("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone() or (0, b"")
        return {
            "id": ledger_id.hex(),
            "created_ms": created_ms,
            "seq": head[0],
            "head": head[1].hex(),
            "last_tick_ms": reader.last_tick_ms(),
            "closed": {closed.month: closed.figures for closed in all_closings(db)},
        }


def facts_id(manifest: dict[str, Any]) -> str:
    """Return the first digits of the ledger's id: part of a backup's name."""
    return str(manifest["ledger"]["id"])[:8]


def _pack(archive: Path, members: list[tuple[str, Path]], facts: dict[str, Any]) -> dict[str, Any]:
    listed = []
    with archive.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, path in members:
                try:
                    with path.open("rb") as source:
                        listed.append(_add(tar, name, source))
                except FileNotFoundError:
                    continue  # a file of people that went while it was listed: no record names it
            manifest = facts | {"files": listed}
            body = (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()
            _add(tar, c.MANIFEST, io.BytesIO(body))
            _add(tar, c.DIGEST, io.BytesIO(_digest_line(body)))
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _add(tar: tarfile.TarFile, name: str, source: IO[bytes]) -> dict[str, Any]:
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    watched = _Digesting(source)
    tar.addfile(info, watched)
    return {"name": name, "bytes": size, "sha256": watched.digest.hexdigest()}


class _Digesting(io.RawIOBase):
    """A file that is digested as it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


def check(archive: Path) -> dict[str, Any]:
    """Read a backup through and return its manifest; BackupError where a byte of it is not what was written."""
    found: dict[str, tuple[int, str]] = {}
    own: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:") as tar:
            for info in tar:
                # A sparse member of 512 bytes unpacks to a terabyte of zeros.
                source = tar.extractfile(info) if info.isreg() and not info.issparse() else None
                if source is None or not _safe(info.name) or info.name in found:
                    raise BackupError(f"备份里有不该有的 {info.name} / the backup has something odd: {info.name}")
                if info.name in {c.MANIFEST, c.DIGEST}:
                    own[info.name] = source.read(64 * _PART)
                    continue
                digest = hashlib.sha256()
                while part := source.read(_PART):
                    digest.update(part)
                found[info.name] = (info.size, digest.hexdigest())
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise BackupError(f"{archive} 不是备份，或已损坏 / no backup, or damaged: {error}") from error
    body = own.get(c.MANIFEST, b"")
    if not body or own.get(c.DIGEST) != _digest_line(body):
        raise BackupError(f"{archive} 的清单缺失或被改动 / the manifest of {archive} is gone, or was changed")
    try:
        manifest: dict[str, Any] = json.loads(body)
        if manifest["format"] != c.FORMAT:
            raise BackupError(f"{archive} 是别的格式 / {archive} is of another format")
        stated = {str(f["name"]): (f["bytes"], f["sha256"]) for f in manifest["files"]}
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        # Its digest lies beside it: whoever wrote the one can have written the other.
        raise BackupError(f"{archive} 的清单读不出 / the manifest of {archive} cannot be read") from error
    for name in sorted(stated.keys() | found.keys()):
        if stated.get(name) != found.get(name):
            raise BackupError(f"备份里的 {name} 被改动或缺失 / {name} was changed, or is gone")
    return manifest


def _digest_line(manifest: bytes) -> bytes:
    return f"{hashlib.sha256(manifest).hexdigest()}  {c.MANIFEST}\n".encode()


def _safe(name: str) -> bool:
    """Tell whether a member's name stays inside the folder that it is unpacked to."""
    parts = name.split("/")
    return not name.startswith("/") and all(part not in {"", ".", ".."} for part in parts) and "\\" not in name


def sweep(folder: Path, ledger_id: str, *, keep: int = KEPT) -> list[Path]:
    """Remove the oldest daily backups of one ledger beyond `keep`; returns those that went."""
    own = sorted(p for p in folder.glob(f"camkeeper-{ledger_id[:8]}-*.tar") if _NAME.match(p.name))
    gone = own[: max(0, len(own) - keep)]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One at a time in a folder; a kill gives the turn back."""
    fd = os.open(folder / ".backup.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupError(f"另一个备份正在写 {folder} / another backup is being written there") from None
        yield
    finally:
        os.close(fd)


def _remove(path: Path) -> None:
    import shutil

    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def unusable(error: Exception) -> BackupError:
    """Return an error of the ledger as one of a backup."""
    return BackupError(f"账本读不出 / the ledger cannot be read: {error}")


__all__ = ["KEPT", "Backup", "BackupError", "LedgerError", "backup", "check", "facts_of", "sweep"]
