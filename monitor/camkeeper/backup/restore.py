"""Back from a backup, to a place where nothing lives: proved before anything has its name."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camkeeper.backup import contents as c
from camkeeper.backup.write import BackupError, check, facts_of
from camkeeper.ledger import LedgerBusyError, LedgerError
from camkeeper.ledger.files import files_beside
from camkeeper.ledger.ledger import Lock
from camkeeper.ledger.verify import verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What is there again."""

    ledger: Path
    config: Path | None
    """None: it was not in the backup, or one is there already and was left alone."""
    manifest: dict[str, Any]
    left: tuple[str, ...]
    """Files that were there already and were left alone."""


def restore(archive: Path, ledger: Path, config: Path) -> Restored:
    """Unpack a backup as `ledger` (with what lies beside it) and `config`.

    BackupError where the backup does not hold, or where a ledger is there already: a living one is never overwritten,
    and nor is a dead one. OSError where the disk does not take it; the ledger then is not there.
    """
    manifest = check(archive)
    databases = c.databases_of(ledger)
    for path in (databases.ledger, databases.album, databases.access):
        if path.exists() or Path(f"{path}-wal").exists():
            raise BackupError(f"{path} 已存在，不覆盖；请先移走 / {path} is there already: move it away first")
    ledger.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = Lock(ledger)
    except LedgerBusyError as error:
        raise BackupError(f"监测正在使用 {ledger} / a monitor has it: {error}") from error
    try:
        with tempfile.TemporaryDirectory(dir=ledger.parent, prefix=".restore-") as name:
            work = Path(name)
            with tarfile.open(archive, "r:") as tar:
                tar.extractall(work, filter="data")
            _prove(work / c.LEDGER, manifest)
            return _placed(work, ledger, config, manifest)
    finally:
        lock.release()


def _prove(ledger: Path, manifest: dict[str, Any]) -> None:
    if not ledger.is_file():
        raise BackupError("备份里没有账本 / there is no ledger in the backup")
    try:
        proof, facts = verify(ledger), facts_of(ledger)
    # Values of another type than any ledger writes, too: the file is whatever somebody handed in.
    except (LedgerError, sqlite3.Error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BackupError(f"备份里的账本读不出 / the ledger in the backup cannot be read: {error}") from error
    if not proof.ok:
        raise BackupError(f"备份里的账本不成立：{proof.faults[0].zh} / it does not hold: {proof.faults[0].en}")
    if facts != manifest.get("ledger"):
        raise BackupError("备份里的账本不是清单所说的 / the ledger is not the one that the manifest names")


def _placed(work: Path, ledger: Path, config: Path, manifest: dict[str, Any]) -> Restored:
    left: list[str] = []
    databases = c.databases_of(ledger)
    _fill(work / c.FILES, files_beside(ledger), left)
    for name, path in ((c.ALBUM, databases.album), (c.ACCESS, databases.access)):
        if (work / name).is_file():
            (work / name).replace(path)
    _fill(work / c.CONFIG, config.parent, left, {_config_name(manifest): config.name})
    _fill(work / c.PRIVATE, ledger.parent, left, c.latches_of(ledger))
    # Last: while it is not there nothing has begun to live here.
    (work / c.LEDGER).replace(ledger)
    own = None if str(config) in left or not config.is_file() else config
    return Restored(ledger=ledger, config=own, manifest=manifest, left=tuple(left))


def _config_name(manifest: dict[str, Any]) -> str:
    names = [f["name"].removeprefix(c.CONFIG) for f in manifest["files"] if f["name"].startswith(c.CONFIG)]
    return names[0] if names else ""


def _fill(source: Path, target: Path, left: list[str], renamed: dict[str, str] | None = None) -> None:
    """Move files to where they belong; what is there already stays, and is told."""
    if not source.is_dir():
        return
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        name = path.relative_to(source).as_posix()
        place = target / (renamed or {}).get(name, name)
        if place.exists():
            left.append(str(place))
            continue
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(path, place)
