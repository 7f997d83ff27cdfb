"""Pictures that are kept for a while: thumbnails of alarms, full ones on request. Written in the open transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from pathlib import Path

from camkeeper.album.record import (
    MAX_FULL_BYTES,
    MAX_THUMBNAIL_BYTES,
    THUMBNAIL_HEIGHT_PX,
    THUMBNAIL_WIDTH_PX,
    AlbumError,
    Kept,
    Limits,
    Swept,
)
from camkeeper.album.schema import aside
from camkeeper.jpeg import JpegError, read_header


def check_thumbnail(jpeg: bytes) -> None:
    """AlbumError for what is no small JPEG: nothing recognisable may come in through this door."""
    if len(jpeg) > MAX_THUMBNAIL_BYTES:
        raise AlbumError(f"缩略图过大 / a thumbnail of {len(jpeg)} bytes")
    try:
        header = read_header(jpeg)
    except JpegError as error:
        raise AlbumError(f"缩略图不是 JPEG / a thumbnail that is no JPEG: {error}") from error
    if header.width > THUMBNAIL_WIDTH_PX or header.height > THUMBNAIL_HEIGHT_PX:
        raise AlbumError(f"缩略图超过 160x90 / a thumbnail of {header.width}x{header.height}")


def check_full(jpeg: bytes) -> None:
    """AlbumError for what is no JPEG, or larger than any camera's."""
    if len(jpeg) > MAX_FULL_BYTES:
        raise AlbumError(f"原图过大 / a picture of {len(jpeg)} bytes")
    try:
        read_header(jpeg)
    except JpegError as error:
        raise AlbumError(f"不是 JPEG / no JPEG: {error}") from error


def put_thumbnail(db: sqlite3.Connection, kept: Kept) -> bool:
    """Keep the thumbnail of a finding; False where this finding has one. That of an earlier finding goes."""
    if kept.verdict is None or kept.since_ms is None:
        raise AlbumError("a thumbnail belongs to a finding")
    changed = db.execute(
        """
        INSERT INTO thumbnail (device, since_ms, at_ms, expires_ms, verdict, jpeg) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (device) DO UPDATE SET since_ms = excluded.since_ms, at_ms = excluded.at_ms,
            expires_ms = excluded.expires_ms, verdict = excluded.verdict, jpeg = excluded.jpeg
        WHERE excluded.since_ms <> since_ms OR excluded.verdict <> verdict
        """,
        (kept.device_id, kept.since_ms, kept.at_ms, kept.expires_ms, kept.verdict.value, kept.jpeg),
    )
    return changed.rowcount == 1


def put_full(db: sqlite3.Connection, kept: Kept) -> None:
    """Keep a full picture; the one before of the same camera goes."""
    db.execute(
        "INSERT OR REPLACE INTO full_picture (device, at_ms, expires_ms, jpeg) VALUES (?, ?, ?, ?)",
        (kept.device_id, kept.at_ms, kept.expires_ms, kept.jpeg),
    )


def drop(db: sqlite3.Connection, table: str, device_ids: Collection[str]) -> int:
    """Remove `thumbnail` or `full_picture` of these cameras; return how many there were."""
    rows = [db.execute(f"DELETE FROM {table} WHERE device = ?", (i,)).rowcount for i in device_ids]  # noqa: S608 - ours
    return sum(rows)


def sweep(db: sqlite3.Connection, path: Path, now_ms: int, limits: Limits) -> Swept:
    """Remove what is past its time. What lies ahead of time (a clock that was wrong) goes by the same measure."""
    sheets = db.execute(
        "DELETE FROM material WHERE at_ms <= ? OR at_ms > ?", (now_ms - limits.material_ms, now_ms + limits.material_ms)
    )
    return Swept(
        thumbnails=_late(db, "thumbnail", now_ms, limits.thumbnail_ms),
        full_pictures=_late(db, "full_picture", now_ms, limits.full_ms),
        sheets=sheets.rowcount,
        files=_sweep_aside(path, now_ms, limits.full_ms),
    )


def _late(db: sqlite3.Connection, table: str, now_ms: int, keep_ms: int) -> int:
    return db.execute(
        f"DELETE FROM {table} WHERE expires_ms <= ? OR at_ms <= ? OR at_ms > ?",  # noqa: S608 - ours
        (now_ms, now_ms - keep_ms, now_ms + keep_ms),
    ).rowcount


def _sweep_aside(path: Path, now_ms: int, keep_ms: int) -> int:
    """Remove damaged albums: nobody can find the pictures in them any more whose time is over."""
    gone = 0
    for file in aside(path):
        stamp = file.name.rpartition(".damaged-")[2].split("-")[0]
        if not stamp.isdecimal() or abs(now_ms - int(stamp)) >= keep_ms:
            file.unlink(missing_ok=True)
            gone += 1
    return gone
