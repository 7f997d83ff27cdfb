"""How far the ledger went into the stream. A hint: what is sent twice changes nothing, what is lost is asked for."""

from __future__ import annotations

import json
from pathlib import Path

from camkeeper.bus.private import write_private
from camkeeper.ledger.parcel import Identity, Place


def load_cursor(path: Path, identity: Identity) -> Place:
    """Return the place that was reached with this ledger; the beginning where nobody knows."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["ledger"] != identity.ledger_id.hex():
            return Place()
        return Place(seq=int(value["seq"]), windows=int(value["windows"]), views=int(value["views"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Place()


def save_cursor(path: Path, identity: Identity, place: Place) -> None:
    """Keep a place."""
    value = {"ledger": identity.ledger_id.hex(), "seq": place.seq, "windows": place.windows, "views": place.views}
    write_private(path, json.dumps(value) + "\n")
