"""The proof of the register of views, for `verify`: see `views` for how it is sealed."""

from __future__ import annotations

import json
import sqlite3

from camkeeper.ledger.chain import Kind, read_object
from camkeeper.ledger.proofs import Findings
from camkeeper.ledger.schema import has_pictures
from camkeeper.ledger.views import genesis, sealed, text
from camkeeper.model.view import ViewRecord
from camkeeper.model.wire import WireError, from_json


def check(db: sqlite3.Connection, out: Findings) -> None:
    """Recompute every entry's hash, and ask for those that the chain's seals name. For `verify`: see `proofs`."""
    if not has_pictures(db, "ledger"):
        _check_seals(db, out, {})  # from before there were views, unless a seal knows better
        return
    (ledger_id,) = db.execute("SELECT ledger_id FROM ledger.ledger").fetchone()
    head, count, heads = genesis(ledger_id), 0, {}
    for number, at_ms, device_id, incident, body, digest in db.execute(
        "SELECT number, at_ms, device_id, incident, body, hash FROM ledger.picture_view ORDER BY number"
    ):
        count += 1
        if number != count:
            out.add("picture_view", f"查看登记第 {count} 条缺失", f"view {count} is missing")
            count = number
        whole = isinstance(body, bytes) and sealed(head, number, body) == digest
        if not whole or not _is_indexed(body, at_ms, device_id, incident):
            out.add("picture_view", f"查看登记第 {number} 条的哈希不符", f"view {number} does not have its hash")
        head = digest if isinstance(digest, bytes) else b""
        heads[number] = head.hex()
    out.counts["picture_view"] = count
    _check_seals(db, out, heads)


def _is_indexed(body: bytes, at_ms: object, device_id: object, incident: object) -> bool:
    """Tell whether the columns that are searched say what the sealed body says."""
    try:
        view = from_json(ViewRecord, json.loads(body))
    except (WireError, ValueError, TypeError):
        return False
    return (at_ms, device_id, incident) == (view.at_ms, text(view.device_id), text(view.incident_id))


def _check_seals(db: sqlite3.Connection, out: Findings, heads: dict[int, str]) -> None:
    rows = db.execute("SELECT seq, body FROM ledger.chain WHERE kind = ? AND kind <> 4 ORDER BY seq", (int(Kind.SEAL),))
    for seq, body in rows:
        told = read_object(body)
        number = told.get("views")
        if number is not None and heads.get(int(str(number))) != told.get("views_head"):
            zh = f"第 {seq} 条封记所指的查看登记第 {number} 条不在或不符"
            out.add("picture_view", zh, f"view {number}, which seal {seq} names, is missing or another", seq)
