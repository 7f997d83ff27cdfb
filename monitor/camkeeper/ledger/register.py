"""The ledger's lists of what people and the monitor did, read as one list by time, newest first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from camkeeper.ledger.chain import Kind, read_config, read_object
from camkeeper.ledger.schema import has_letters, has_orders, has_pictures, has_windows
from camkeeper.model.register import Place, RegisterEntry, Source

_SHOWN = (Kind.BOOT, Kind.CONFIG, Kind.CLOCK_STEP, Kind.CLOSE, Kind.AMEND)
_MOST_TEXT = 400
_TIES = 512
"""Of one list at one instant; a batch that plans more windows than this at once is not written by people."""


def read_register(db: sqlite3.Connection, *, before: Place | None, count: int) -> tuple[RegisterEntry, ...]:
    """Return the newest `count` entries below `before`. What cannot be read is told as damaged, never left out."""
    at_ms = 2**62 if before is None else before.at_ms
    most = count + _TIES
    found: list[RegisterEntry] = []
    for read in (_chain, _windows, _views, _orders, _incidents):
        found += [e for e in read(db, at_ms, most) if before is None or e.place < before]
    return tuple(sorted(found, key=lambda e: e.place, reverse=True)[:count])


def _entry(
    source: Source,
    number: int,
    at_ms: int,
    what: str,
    *,
    by: str = "",
    target: str = "",
    detail: str = "",
    head: str = "",
) -> RegisterEntry:
    return RegisterEntry(
        place=Place(at_ms=at_ms, source=source, number=number),
        by=by[:_MOST_TEXT],
        what=what,
        target=target[:_MOST_TEXT],
        detail=detail[:_MOST_TEXT],
        head=head,
    )


def _chain(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[RegisterEntry]:
    kinds = ", ".join(str(int(kind)) for kind in _SHOWN)
    rows = db.execute(
        f"SELECT seq, kind, at_ms, body, hash FROM chain WHERE kind IN ({kinds}) AND kind <> 4 AND at_ms <= ?"  # noqa: S608
        " ORDER BY at_ms DESC, seq DESC LIMIT ?",
        (at_ms, most),
    )
    for seq, kind, at, body, digest in rows:
        named = Kind(kind).name.lower()
        try:
            by, target, detail = _said(Kind(kind), body)
        except (ValueError, KeyError, TypeError):
            by, target, detail = "", "", "damaged"
        yield _entry(Source.CHAIN, seq, at, named, by=by, target=target, detail=detail, head=bytes(digest).hex())


def _said(kind: Kind, body: bytes) -> tuple[str, str, str]:
    """Return (by whom, of what, in words) of a record of the chain."""
    if kind is Kind.CONFIG:
        value = read_config(body)
        sites, devices, windows = (len(value[key]) for key in ("sites", "devices", "windows"))  # type: ignore[arg-type]
        counts = f"sites {sites}, devices {devices}, windows {windows}"
        return "", str(value.get("source_digest", ""))[:16], counts
    value = read_object(body)
    if kind in {Kind.CLOSE, Kind.AMEND}:
        return str(value["by"]), str(value["month"]), str(value.get("why", ""))
    if kind is Kind.BOOT:
        return "", str(value.get("boot_id", ""))[:16], str(value.get("version", ""))
    return "", "", ", ".join(f"{key} {value[key]}" for key in sorted(value))


def _windows(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[RegisterEntry]:
    if not has_windows(db):
        return
    for number, at, deed, plan_id, body, digest in db.execute(
        "SELECT number, at_ms, deed, plan_id, body, hash FROM window_event WHERE at_ms <= ?"
        " ORDER BY at_ms DESC, number DESC LIMIT ?",
        (at_ms, most),
    ):
        value = _object(body)
        plan = value.get("plan")
        reason = plan.get("reason", "") if isinstance(plan, dict) else value.get("text", "")
        yield _entry(
            Source.WINDOWS,
            number,
            at,
            f"window_{deed}",
            by=str(value.get("by", "")),
            target=plan_id,
            detail=str(reason),
            head=bytes(digest).hex(),
        )


def _views(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[RegisterEntry]:
    if not has_pictures(db):
        return
    for number, at, device_id, body, digest in db.execute(
        "SELECT number, at_ms, device_id, body, hash FROM picture_view WHERE at_ms <= ?"
        " ORDER BY at_ms DESC, number DESC LIMIT ?",
        (at_ms, most),
    ):
        value = _object(body)
        words = [str(value.get(key, "")) for key in ("unit", "why")]
        yield _entry(
            Source.VIEWS,
            number,
            at,
            f"view_{value.get('what', '')}",
            by=str(value.get("who", "")),
            target=device_id,
            detail=" · ".join(w for w in words if w),
            head=bytes(digest).hex(),
        )


def _orders(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[RegisterEntry]:
    """Yield steps of people; those of the probe are no deeds."""
    if not has_orders(db):
        return
    for number, order, at, step, body in db.execute(
        "SELECT number, order_number, at_ms, step, body FROM order_event WHERE at_ms <= ?"
        " AND step IN ('accepted', 'on_site', 'repaired', 'noted', 'assigned', 'photo', 'signed', 'cancelled')"
        " ORDER BY at_ms DESC, number DESC LIMIT ?",
        (at_ms, most),
    ):
        value = _object(body)
        text = str(value.get("text", ""))
        yield _entry(
            Source.ORDERS,
            number,
            at,
            f"order_{step}",
            by=str(value.get("by", "")),
            target=f"WO-{order:04d}",
            detail=text,
        )


def _incidents(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[RegisterEntry]:
    if not has_letters(db):
        return
    for number, incident, at, happening, by in db.execute(
        "SELECT number, incident, at_ms, happening, by_whom FROM incident_event WHERE at_ms <= ? AND by_whom <> ''"
        " ORDER BY at_ms DESC, number DESC LIMIT ?",
        (at_ms, most),
    ):
        yield _entry(Source.INCIDENTS, number, at, f"incident_{happening}", by=by, target=incident)


def _object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {"text": "damaged", "why": "damaged"}
    return value if isinstance(value, dict) else {}
