"""The ledger's lists of what people and the monitor did, read as one list by time, newest first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, MutableMapping
from functools import partial

from camkeeper.ledger.chain import Kind, read_config, read_object
from camkeeper.ledger.schema import has_letters, has_orders, has_pictures, has_windows
from camkeeper.model.register import Place, RegisterEntry, Source

_SHOWN = (Kind.BOOT, Kind.CONFIG, Kind.CLOCK_STEP, Kind.CLOSE, Kind.AMEND)
_MOST_TEXT = 400
_TIES = 512
"""Of one list at one instant; a batch that plans more windows than this at once is not written by people."""


Said = tuple[str, str, str]
"""By whom, of what, in words."""
_Found = tuple[Place, Callable[[Place], RegisterEntry]]
"""A place in one of the lists, and how its entry is read."""


def read_register(
    db: sqlite3.Connection, *, before: Place | None, count: int, said: MutableMapping[bytes, Said] | None = None
) -> tuple[RegisterEntry, ...]:
    """Return the newest `count` entries below `before`. What cannot be read is told as damaged, never left out.

    All lists are put in order by their places first, and only what is returned is read: a list may be long, and a
    county's configuration is 30 ms. `said` keeps what configurations say, by the hash of their records.
    """
    at_ms = 2**62 if before is None else before.at_ms
    most = count + _TIES
    found: list[_Found] = []
    found += _chain(db, at_ms, most, {} if said is None else said)
    for read in (_windows, _views, _orders, _incidents):
        found += read(db, at_ms, most)
    below = sorted((one for one in found if before is None or one[0] < before), key=lambda one: one[0], reverse=True)
    return tuple(make(place) for place, make in below[:count])


def _entry(
    place: Place, what: str, *, by: str = "", target: str = "", detail: str = "", head: str = ""
) -> RegisterEntry:
    return RegisterEntry(
        place=place,
        by=by[:_MOST_TEXT],
        what=what,
        target=target[:_MOST_TEXT],
        detail=detail[:_MOST_TEXT],
        head=head,
    )


def _chain(db: sqlite3.Connection, at_ms: int, most: int, known: MutableMapping[bytes, Said]) -> Iterator[_Found]:
    kinds = ", ".join(str(int(kind)) for kind in _SHOWN)
    rows = db.execute(
        f"SELECT seq, kind, at_ms, hash FROM chain WHERE kind IN ({kinds}) AND kind <> 4 AND at_ms <= ?"  # noqa: S608
        " ORDER BY at_ms DESC, seq DESC LIMIT ?",
        (at_ms, most),
    )
    for seq, kind, at, digest in rows:
        read = partial(_of_chain, db, Kind(kind), bytes(digest), known)
        yield Place(at_ms=at, source=Source.CHAIN, number=seq), read


def _of_chain(
    db: sqlite3.Connection, kind: Kind, digest: bytes, known: MutableMapping[bytes, Said], place: Place
) -> RegisterEntry:
    told = known.get(digest)
    if told is None:
        (body,) = db.execute("SELECT body FROM chain WHERE seq = ?", (place.number,)).fetchone()
        try:
            told = _said(kind, body)
        except (ValueError, KeyError, TypeError):
            told = "", "", "damaged"
        if kind is Kind.CONFIG:
            known[digest] = told
    by, target, detail = told
    return _entry(place, kind.name.lower(), by=by, target=target, detail=detail, head=digest.hex())


def _said(kind: Kind, body: bytes) -> Said:
    """Return what a record of the chain says."""
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


def _windows(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[_Found]:
    if not has_windows(db):
        return
    for number, at, deed, plan_id, body, digest in db.execute(
        "SELECT number, at_ms, deed, plan_id, body, hash FROM window_event WHERE at_ms <= ?"
        " ORDER BY at_ms DESC, number DESC LIMIT ?",
        (at_ms, most),
    ):
        read = partial(_of_window, deed, plan_id, body, bytes(digest))
        yield Place(at_ms=at, source=Source.WINDOWS, number=number), read


def _of_window(deed: str, plan_id: str, body: bytes, digest: bytes, place: Place) -> RegisterEntry:
    value = _object(body)
    plan = value.get("plan")
    reason = plan.get("reason", "") if isinstance(plan, dict) else value.get("text", "")
    return _entry(
        place,
        f"window_{deed}",
        by=str(value.get("by", "")),
        target=plan_id,
        detail=str(reason),
        head=digest.hex(),
    )


def _views(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[_Found]:
    if not has_pictures(db):
        return
    for number, at, device_id, body, digest in db.execute(
        "SELECT number, at_ms, device_id, body, hash FROM picture_view WHERE at_ms <= ?"
        " ORDER BY at_ms DESC, number DESC LIMIT ?",
        (at_ms, most),
    ):
        yield Place(at_ms=at, source=Source.VIEWS, number=number), partial(_of_view, device_id, body, bytes(digest))


def _of_view(device_id: str, body: bytes, digest: bytes, place: Place) -> RegisterEntry:
    value = _object(body)
    words = [str(value.get(key, "")) for key in ("unit", "why")]
    return _entry(
        place,
        f"view_{value.get('what', '')}",
        by=str(value.get("who", "")),
        target=device_id,
        detail=" · ".join(w for w in words if w),
        head=digest.hex(),
    )


def _orders(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[_Found]:
    """Yield steps of people; those of the probe are no deeds."""
    if not has_orders(db):
        return
    for number, order, at, step, body in db.execute(
        "SELECT number, order_number, at_ms, step, body FROM order_event WHERE at_ms <= ?"
        " AND step IN ('accepted', 'on_site', 'repaired', 'noted', 'assigned', 'photo', 'signed', 'cancelled')"
        " ORDER BY at_ms DESC, number DESC LIMIT ?",
        (at_ms, most),
    ):
        yield Place(at_ms=at, source=Source.ORDERS, number=number), partial(_of_order, order, step, body)


def _of_order(order: int, step: str, body: bytes, place: Place) -> RegisterEntry:
    value = _object(body)
    return _entry(
        place,
        f"order_{step}",
        by=str(value.get("by", "")),
        target=f"WO-{order:04d}",
        detail=str(value.get("text", "")),
    )


def _incidents(db: sqlite3.Connection, at_ms: int, most: int) -> Iterator[_Found]:
    if not has_letters(db):
        return
    for number, incident, at, happening, by in db.execute(
        "SELECT number, incident, at_ms, happening, by_whom FROM incident_event WHERE at_ms <= ? AND by_whom <> ''"
        " ORDER BY at_ms DESC, number DESC LIMIT ?",
        (at_ms, most),
    ):
        read = partial(_of_incident, incident, happening, by)
        yield Place(at_ms=at, source=Source.INCIDENTS, number=number), read


def _of_incident(incident: str, happening: str, by: str, place: Place) -> RegisterEntry:
    return _entry(place, f"incident_{happening}", by=by, target=incident)


def _object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {"text": "damaged", "why": "damaged"}
    return value if isinstance(value, dict) else {}
