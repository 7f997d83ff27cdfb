"""Baselines and learning material: what is written, in the open transaction of the writer's connection."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

from camkeeper.album.record import MAX_BASELINE_BYTES, MAX_SHEET_BYTES, AlbumError, Limits
from camkeeper.model.picture import BaselineInfo, Context

INFO = "device, context, version, learned_ms, frames, accepted, digest"
_OF = "device = ? AND context = ?"


@dataclass(slots=True)
class Held:
    """What the learning material amounts to: asked of the table at each sheet, a county pays a tenth of its monitor."""

    bytes: int
    learning: int
    """Cameras and contexts that gather for their first baseline, at most: who got one meanwhile is counted too."""


def held(db: sqlite3.Connection) -> Held:
    """Return what the table amounts to now."""
    return Held(bytes=material_bytes(db), learning=_learning(db))


def info(row: tuple[str, str, int, int, int, int, bytes]) -> BaselineInfo:
    """Return what `INFO` selects; ValueError for what nobody wrote."""
    device, context, version, learned_ms, frames, accepted, digest = row
    return BaselineInfo(
        device_id=device,
        context=Context(context),
        version=version,
        learned_ms=learned_ms,
        frames=frames,
        accepted=bool(accepted),
        digest=digest.hex(),
    )


def put_baseline(
    db: sqlite3.Connection,
    of: tuple[str, Context],
    body: bytes,
    *,
    frames: int,
    learned_ms: int,
    accepted: bool,
    limits: Limits,
) -> BaselineInfo:
    """Store the next version. AlbumError where it is too large, or accepted and another one was already."""
    if not 0 < len(body) <= MAX_BASELINE_BYTES:
        raise AlbumError(f"基线大小不对 / a baseline of {len(body)} bytes")
    device, context = of[0], of[1].value
    (newest,) = db.execute(f"SELECT coalesce(max(version), 0) FROM baseline WHERE {_OF}", (device, context)).fetchone()  # noqa: S608 - a constant
    if accepted:
        _refuse_second(db, device, context, newest + 1)
    row = (device, context, newest + 1, learned_ms, frames, int(accepted), hashlib.sha256(body).digest())
    db.execute(f"INSERT INTO baseline ({INFO}, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, body))  # noqa: S608 - a constant
    db.execute(
        f"""
        DELETE FROM baseline WHERE {_OF} AND accepted = 0 AND version NOT IN (
            SELECT version FROM baseline WHERE {_OF} AND accepted = 0 ORDER BY version DESC LIMIT ?)
        """,  # noqa: S608 - constants
        (device, context, device, context, limits.later_baselines),
    )
    if frames >= limits.sheets:
        db.execute(f"DELETE FROM material WHERE {_OF}", (device, context))  # noqa: S608 - a constant
    return info(row)


def accept(db: sqlite3.Connection, device: str, context: Context, version: int) -> BaselineInfo:
    """Mark a version as that of commissioning. AlbumError where there is none, or another one was accepted."""
    _refuse_second(db, device, context.value, version)
    at = (device, context.value, version)
    db.execute(f"UPDATE baseline SET accepted = 1 WHERE {_OF} AND version = ?", at)  # noqa: S608 - a constant
    row = db.execute(f"SELECT {INFO} FROM baseline WHERE {_OF} AND version = ?", at).fetchone()  # noqa: S608 - constants
    if row is None:
        raise AlbumError(f"{device}：没有第 {version} 版基线 / there is no baseline {version}")
    return info(row)


def _refuse_second(db: sqlite3.Connection, device: str, context: str, version: int) -> None:
    row = db.execute(
        f"SELECT version FROM baseline WHERE {_OF} AND accepted = 1 AND version <> ?",  # noqa: S608 - a constant
        (device, context, version),
    ).fetchone()
    if row is not None:
        raise AlbumError(f"{device}：第 {row[0]} 版基线已验收，不可替换 / baseline {row[0]} was accepted and stays")


def add_material(
    db: sqlite3.Connection, of: tuple[str, Context], at_ms: int, sheet: bytes, *, held: Held, limits: Limits
) -> int | None:
    """Keep a healthy look for learning; return by how many bytes the material grew, None where there is no room."""
    if not 0 < len(sheet) <= MAX_SHEET_BYTES:
        raise AlbumError(f"学习样本大小不对 / a sheet of {len(sheet)} bytes")
    device, context = of[0], of[1].value
    rows = db.execute(f"SELECT number, bytes FROM material WHERE {_OF} ORDER BY number", (device, context)).fetchall()  # noqa: S608 - a constant
    surplus = rows[: max(0, len(rows) + 1 - limits.sheets)]
    grown: int = len(sheet) - sum(size for _, size in surplus)
    if not rows and not _may_begin(db, held, len(sheet), limits):
        return None
    over = held.bytes + grown - limits.material_bytes
    if over > 0:
        freed = _make_room(db, of, over)
        if freed < over:
            return None
        grown -= freed
    db.executemany("DELETE FROM material WHERE number = ?", [(number,) for number, _ in surplus])
    db.execute(
        "INSERT INTO material (device, context, at_ms, bytes, sheet) VALUES (?, ?, ?, ?, ?)",
        (device, context, at_ms, len(sheet), sheet),
    )
    return grown


_HAS_BASELINE = "EXISTS (SELECT 1 FROM baseline b WHERE b.device = m.device AND b.context = m.context AND retired = 0)"


def _may_begin(db: sqlite3.Connection, held: Held, size: int, limits: Limits) -> bool:
    """Tell whether all that learn their first baseline could gather enough: else they would all stop half-way."""
    most = limits.material_bytes // (limits.enough * size)
    if held.learning >= most:
        held.learning = _learning(db)
    if held.learning >= most:
        return False
    held.learning += 1
    return True


def _learning(db: sqlite3.Connection) -> int:
    (learning,) = db.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT device, context FROM material m WHERE NOT {_HAS_BASELINE})"  # noqa: S608 - a constant
    ).fetchone()
    return int(learning)


def _make_room(db: sqlite3.Connection, of: tuple[str, Context], over: int) -> int:
    """Remove the oldest sheets of other cameras that have a baseline, if that is enough; return how many bytes."""
    freed, gone = 0, []
    query = f"SELECT number, bytes FROM material m WHERE NOT (device = ? AND context = ?) AND {_HAS_BASELINE}"  # noqa: S608 - a constant
    for number, size in db.execute(f"{query} ORDER BY number", (of[0], of[1].value)):
        if freed >= over:
            break
        freed += size
        gone.append((number,))
    if freed >= over:
        db.executemany("DELETE FROM material WHERE number = ?", gone)
    return freed


def material_bytes(db: sqlite3.Connection) -> int:
    """Return what all learning material takes."""
    return int(db.execute("SELECT coalesce(sum(bytes), 0) FROM material").fetchone()[0])


def retire(db: sqlite3.Connection, device: str, context: Context | None) -> int:
    """Hold no picture against the baselines there are (context None: of day and night); return how many."""
    contexts = [c.value for c in (Context if context is None else [context])]
    rows = [
        db.execute(f"UPDATE baseline SET retired = 1 WHERE {_OF} AND retired = 0", (device, c)).rowcount  # noqa: S608 - a constant
        for c in contexts
    ]
    return sum(rows)


def drop_material(db: sqlite3.Connection, device: str, context: Context | None) -> int:
    """Forget learning material of a camera (context None: both); return how many sheets."""
    if context is None:
        return db.execute("DELETE FROM material WHERE device = ?", (device,)).rowcount
    return db.execute(f"DELETE FROM material WHERE {_OF}", (device, context.value)).rowcount  # noqa: S608 - a constant
