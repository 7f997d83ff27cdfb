"""Uptime Kuma 1.23 and 2.0: the table `heartbeat` of its SQLite file, or JSON with its heartbeats.

Status 0 down, 1 up, 2 pending, 3 maintenance; times are UTC without saying so. The JSON that its settings page saves
has monitors and no heartbeats: it is refused in so many words.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from camkeeper.account.fault import UnreadableError
from camkeeper.foreign.found import GAPS, NO_UPLINK, Gathering, History, Note
from camkeeper.model.status import Status

_STATUS = {0: Status.DOWN, 1: Status.UP, 2: Status.DOWN, 3: Status.UNKNOWN}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_SQLITE = b"SQLite format 3\0"
PENDING = Note(
    zh="pending（重试中）算离线：那次检查已经失败；Uptime Kuma 自己的百分比不算它",
    en="pending counts as down: that check had failed; Uptime Kuma's own percentage leaves it out",
)
MAINTENANCE = Note(
    zh="maintenance 算未知：要作免责，请用 --exclude 给出双方约定的时段",
    en="maintenance is unknown: give agreed spans by --exclude to leave them out",
)


def read_kuma(path: Path, *, source: str) -> History:
    """Read either form. UnreadableError where it is none, OSError where it cannot be read."""
    out = Gathering(source)
    with path.open("rb") as file:
        first = file.read(len(_SQLITE))
    if first == _SQLITE:
        _database(path, out)
    else:
        _json(path.read_bytes(), out)
    if not out.rows and not out.faults:
        raise UnreadableError(f"{source} 里没有心跳", f"{source} has no heartbeat")
    return out.finish((GAPS, NO_UPLINK, PENDING, MAINTENANCE))


def _database(path: Path, out: Gathering) -> None:
    uri = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            names = {i: str(name) for i, name in db.execute("SELECT id, name FROM monitor")}
            rows = db.execute("SELECT id, monitor_id, status, time FROM heartbeat ORDER BY id")
            for number, monitor, status, time in rows:
                _beat(out, names.get(monitor, str(monitor)), status, time, number)
    except sqlite3.Error as error:
        raise UnreadableError(
            f"{out.source} 不是 Uptime Kuma 的数据库：{error}", f"{out.source} is no database of Uptime Kuma: {error}"
        ) from error


def _json(data: bytes, out: Gathering) -> None:
    try:
        value = json.loads(data)
        names = {int(m["id"]): str(m["name"]) for m in value.get("monitorList", ())}
        beats = value.get("heartbeatList")
        if beats is None:
            raise UnreadableError(
                f"{out.source} 没有心跳：设置页导出的 JSON 只有监控项，请给 data/kuma.db",
                f"{out.source} has no heartbeats: the JSON of the settings page has monitors alone; give data/kuma.db",
            )
        listed: list[dict[str, Any]] = [b for one in beats.values() for b in one] if isinstance(beats, dict) else beats
        for number, beat in enumerate(listed, 1):
            monitor = int(beat.get("monitorID", beat.get("monitor_id", 0)))
            _beat(out, names.get(monitor, str(monitor)), beat["status"], beat["time"], number)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"{out.source} 读不出：{error}", f"{out.source} cannot be read: {error}") from error


def _beat(out: Gathering, device: str, status: object, time: object, number: int) -> None:
    found = _STATUS.get(status) if isinstance(status, int) else None
    at_ms = _instant(time)
    if found is None or at_ms is None:
        out.wrong(number, f"心跳读不出：{status!r} {time!r}", f"no heartbeat: {status!r} {time!r}")
        return
    out.add(device, at_ms, found)


def _instant(time: object) -> int | None:
    if not isinstance(time, str):
        return None
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        return None
    return ((found if found.tzinfo is not None else found.replace(tzinfo=UTC)) - _EPOCH) // _MS
