"""A month's closing and its amendments, as the chain has them: who, when, why, what was and what is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from camkeeper.keys.key import fingerprint
from camkeeper.ledger import LedgerDamagedError, LedgerReader
from camkeeper.ledger.chain import read_object
from camkeeper.ledger.closing import Closed, all_closings
from camkeeper.model.contract import Party
from camkeeper.standing.month import MonthVersion, SignedBy


def versions_of(path: Path, month: str, parties: Iterable[Party]) -> tuple[MonthVersion, ...]:
    """Return the versions of a month, oldest first; opens the ledger, in any thread.

    LedgerDamagedError where a record cannot be read. Signatures were judged before the record was made.
    """
    if not path.exists():
        return ()
    listed = tuple(parties)
    out: list[MonthVersion] = []
    with LedgerReader(path) as reader, reader.reading() as db:
        try:
            for closed in all_closings(db):
                if closed.month == month:
                    (body,) = db.execute("SELECT body FROM chain WHERE seq = ?", (closed.seq,)).fetchone()
                    out.append(_version(closed, read_object(body), listed, amends=bool(out)))
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerDamagedError(f"封账记录读不出 / a closing on record cannot be read: {error}") from error
    return tuple(out)


def _version(closed: Closed, body: Mapping[str, Any], parties: tuple[Party, ...], *, amends: bool) -> MonthVersion:
    names = {party.public_key: party.name for party in parties}
    signatures = body.get("signatures") or ()
    return MonthVersion(
        seq=closed.seq,
        at_ms=closed.at_ms,
        by=closed.by,
        why=closed.why,
        amends=amends,
        figures=closed.figures,
        devices=closed.devices,
        old=_columns(body.get("old")),
        new=_columns(body.get("new")),
        changed=int(body.get("changed") or 0),
        signed=tuple(
            SignedBy(name=names.get(str(s["public_key"]), ""), fingerprint=fingerprint(str(s["public_key"])))
            for s in signatures
        ),
        parties=tuple(party.name for party in parties),
    )


def _columns(value: Mapping[str, int] | None) -> dict[str, int] | None:
    return None if value is None else {str(k): int(v) for k, v in value.items()}
