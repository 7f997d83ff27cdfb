"""What pictures proved of the cameras, and how far their clocks were off. Of the record, beside the chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from camkeeper.ledger.record import InconsistentBatchError, LedgerDamagedError
from camkeeper.ledger.schema import has_pictures
from camkeeper.model.picture import Drift, Finding, PictureVerdict, Scope, Turn
from camkeeper.model.span import Span

Row = tuple[Any, ...]

_COLUMNS = (
    "d.id, f.verdict, f.since_ms, f.decided_ms, f.scope, f.looks,"
    " f.yaw_deg, f.pitch_deg, f.roll_deg, f.error_deg, f.method, f.support"
)
_NEWEST_BEFORE = (
    "SELECT number FROM picture_finding WHERE device = d.device AND since_ms < :start ORDER BY number DESC LIMIT 1"
)


def store(
    db: sqlite3.Connection, findings: Iterable[Finding], drifts: Iterable[Drift], numbers: Mapping[str, int]
) -> None:
    """Put findings and readings of clocks on record, in the open transaction.

    InconsistentBatchError for a device that was never enrolled.
    """
    for finding in findings:
        db.execute(
            "INSERT INTO picture_finding (device, verdict, since_ms, decided_ms, scope, looks,"
            " yaw_deg, pitch_deg, roll_deg, error_deg, method, support) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                _number(numbers, finding.device_id),
                finding.verdict.value,
                finding.since_ms,
                finding.decided_ms,
                finding.scope.value,
                finding.looks,
                *_turn_row(finding.turn),
            ),
        )
    db.executemany(
        "INSERT OR REPLACE INTO clock_drift (device, at_ms, offset_s) VALUES (?, ?, ?)",
        [(_number(numbers, drift.device_id), drift.at_ms, drift.offset_s) for drift in drifts],
    )


def _number(numbers: Mapping[str, int], device_id: str) -> int:
    try:
        return numbers[device_id]
    except KeyError as error:
        raise InconsistentBatchError(f"{device_id}: a picture of a device that was never enrolled") from error


def _turn_row(turn: Turn | None) -> Row:
    if turn is None:
        return (None,) * 6
    return turn.yaw_deg, turn.pitch_deg, turn.roll_deg, turn.error_deg, turn.method, turn.support


def standing(db: sqlite3.Connection) -> tuple[Finding, ...]:
    """Return what is proved of devices in service now, sorted by device number; good pictures are left out."""
    return tuple(finding for finding in newest(db) if finding.verdict is not PictureVerdict.OK)


def newest(db: sqlite3.Connection) -> tuple[Finding, ...]:
    """Return the newest finding of every device in service, good ones too, sorted by device number."""
    if not has_pictures(db):
        return ()
    rows = db.execute(
        f"""
        SELECT {_COLUMNS} FROM device d
        JOIN life l ON l.device = d.device AND l.t1 IS NULL
        JOIN picture_finding f ON f.number = (SELECT max(number) FROM picture_finding WHERE device = d.device)
        WHERE f.decided_ms >= l.t0 ORDER BY d.device
        """  # noqa: S608 - constants
    )
    return tuple(_read(rows))


def read(db: sqlite3.Connection, period: Span, device_id: str | None = None) -> tuple[Finding, ...]:
    """Return the findings dated within the period, and of each device the one that stood as it began; as decided.

    Of two that overlap (a back-dated one may) the later decided stands: they come in the order of decision.
    """
    if not has_pictures(db):
        return ()
    rows = db.execute(
        f"""
        SELECT {_COLUMNS} FROM picture_finding f JOIN device d USING (device) WHERE f.number IN (
            SELECT number FROM picture_finding WHERE since_ms >= :start AND since_ms < :end
            UNION SELECT ({_NEWEST_BEFORE}) FROM device d WHERE :id IS NULL OR d.id = :id
        ) AND (:id IS NULL OR d.id = :id) ORDER BY f.number
        """,  # noqa: S608 - constants
        {"start": period.start_ms, "end": period.end_ms, "id": device_id},
    )
    return tuple(_read(rows))


def _read(rows: Iterable[Row]) -> Iterator[Finding]:
    for device_id, verdict, since_ms, decided_ms, scope, looks, *turn in rows:
        try:
            yield Finding(
                device_id=device_id,
                verdict=PictureVerdict(verdict),
                since_ms=since_ms,
                decided_ms=decided_ms,
                scope=Scope(scope),
                turn=_turn(*turn),
                looks=looks,
            )
        except (ValueError, TypeError) as error:
            raise LedgerDamagedError(f"画面结论读不出 / a finding on record cannot be read: {error}") from error


def _turn(yaw: float | None, pitch: float, roll: float, error: float, method: str, support: float) -> Turn | None:
    if yaw is None:
        return None
    return Turn(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll, error_deg=error, method=method, support=support)


def drifts(db: sqlite3.Connection, device_id: str, period: Span) -> tuple[Drift, ...]:
    """Return the readings of a device's clock within the period and the last one before it, oldest first.

    With the one before, the correction of footage from the period's first minute is known too.
    """
    if not has_pictures(db):
        return ()
    rows = db.execute(
        """
        SELECT at_ms, offset_s FROM clock_drift JOIN device USING (device) WHERE id = :id AND at_ms < :end
          AND at_ms >= coalesce((SELECT max(at_ms) FROM clock_drift c JOIN device d USING (device)
                                 WHERE d.id = :id AND c.at_ms < :start), :start)
        ORDER BY at_ms
        """,
        {"id": device_id, "start": period.start_ms, "end": period.end_ms},
    )
    return tuple(Drift(device_id=device_id, at_ms=at_ms, offset_s=offset_s) for at_ms, offset_s in rows)


def newest_drifts(db: sqlite3.Connection) -> dict[str, Drift]:
    """Return the newest reading of every device's clock."""
    if not has_pictures(db):
        return {}
    rows = db.execute(
        "SELECT d.id, c.at_ms, c.offset_s FROM device d JOIN clock_drift c ON c.device = d.device"
        " AND c.at_ms = (SELECT max(at_ms) FROM clock_drift WHERE device = d.device)"
    )
    return {
        device_id: Drift(device_id=device_id, at_ms=at_ms, offset_s=offset_s) for device_id, at_ms, offset_s in rows
    }
