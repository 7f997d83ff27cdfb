"""Files of earlier releases are brought to today's schema: by plain SQL, in one transaction, after a copy was made.

`PRAGMA user_version` says which schema a file has. A step is never edited once it was released; a new schema is a new
step and a file of the old one among the tests.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

_COMMENT = re.compile(r"--[^\n]*")
_BLANK = re.compile(r"\s+")
_QUOTED = re.compile(r'^(CREATE (?:TABLE|INDEX|UNIQUE INDEX|TRIGGER) )"(\w+)"')


class UpgradeError(Exception):
    """The file cannot be brought to today's schema; it is as it was. Chinese, then English."""


class NewerError(UpgradeError):
    """A newer program wrote the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What makes schema `to` of the one before it."""

    to: int
    sql: str


def steps_of(package: str) -> tuple[Step, ...]:
    """Return the steps that lie in a package as `0002-name.sql`, in order."""
    named = sorted(entry.name for entry in files(package).iterdir() if entry.name.endswith(".sql"))
    return tuple(Step(to=int(n[:4]), sql=files(package).joinpath(n).read_text(encoding="utf-8")) for n in named)


def version_of(db: sqlite3.Connection) -> int:
    """Return what the file says of its schema; 0: it is from before this was kept, or empty."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def refuse_newer(db: sqlite3.Connection, path: Path, newest: int) -> None:
    """NewerError where the file has a schema that this program does not know."""
    version = version_of(db)
    if version > newest:
        raise NewerError(
            f"{path}：由更新的版本写成（库结构 {version}，本程序只到 {newest}）；请升级程序，或用升级前的副本"
            f" / written by a newer release (schema {version}, this program knows {newest}): upgrade the program, or"
            " use the copy from before, .before-v*"
        )


def upgrade(db: sqlite3.Connection, path: Path, steps: Sequence[Step], *, found: int) -> bool:
    """Bring a file from schema `found` to the newest one; False where it is there already and says so.

    The copy from before is `PATH.before-vN`, N the new schema; a kill at any moment leaves the old file or the new
    one. `db` is in autocommit mode and the only one that writes. UpgradeError.
    """
    newest = max((step.to for step in steps), default=1)
    wanted = [step for step in steps if step.to > found]
    if not wanted:
        if version_of(db) == newest:
            return False
        db.execute(f"PRAGMA user_version = {newest}")  # from before this was kept, and of today's schema all the same
        return False
    try:
        _copy(db, path, path.with_name(f"{path.name}.before-v{newest}"))
    except (sqlite3.Error, OSError) as error:
        raise UpgradeError(
            f"{path}：升级前的副本写不了（{error}），没有升级；请腾出空间后再启动"
            f" / the copy before the upgrade cannot be written ({error}); nothing was changed: make room, start again"
        ) from error
    try:
        db.execute("BEGIN IMMEDIATE")
        for step in wanted:
            for statement in statements(step.sql):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {newest}")
        db.execute("COMMIT")
    except sqlite3.Error as error:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise UpgradeError(
            f"{path}：升级失败（{error}），文件保持原样 / the upgrade failed ({error}); the file is as it was"
        ) from error
    return True


def _copy(db: sqlite3.Connection, path: Path, target: Path) -> None:
    """Write a copy under a name that appears only when it is whole and on disk."""
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, path.stat().st_mode & 0o777))
    try:
        copy = sqlite3.connect(fresh, isolation_level=None)
        try:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole in itself
        finally:
            copy.close()
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def statements(script: str) -> list[str]:
    """Return the statements of a script, one by one."""
    out, text = [], ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            out.append(text)
            text = ""
    return out


def shape(db: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Return names and definitions without comments and blanks: what a release may say otherwise, and mean the same."""
    rows = db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return frozenset((name, plain(sql)) for name, sql in rows)


def plain(sql: str) -> str:
    """Return a definition without comments, blanks, and the quotes that a rename leaves."""
    bare = _BLANK.sub(" ", _COMMENT.sub("", sql)).strip()
    return re.sub(r" ?([(),]) ?", r"\1", _QUOTED.sub(r"\1\2", bare))
