"""Letters on record: queued with what they tell of, marked on their way, kept afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from camkeeper.ledger.chain import JsonObject
from camkeeper.ledger.incidents import Row, readable, spelled
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.schema import has_letters
from camkeeper.model.letter import Letter, Receipt
from camkeeper.model.post import WAITING, LetterState, Post

KEEP_DETAIL = 500
"""Characters kept of what a platform said."""
_INSERT = (
    "INSERT INTO letter (id, incident, seq, channel, created_ms, body, state, tries, due_ms, code, detail)"
    " VALUES (?, ?, ?, ?, ?, ?, 'queued', 0, ?, '', '') ON CONFLICT (id) DO NOTHING"
)
_SELECT = "SELECT body, state, tries, due_ms, tried_ms, marked_ms, code, detail, digest FROM letter"
_SWEPT = b'"text":""'
"""As compact JSON spells a letter without words; inside a string it would stand with backslashes."""
_IS_WAITING = "state IN ('queued', 'sending', 'retry')"


def to_json(letter: Letter) -> JsonObject:
    """Return a letter as JSON has it, names as in the model."""
    return {
        "id": letter.id,
        "incident_id": letter.incident_id,
        "seq": letter.seq,
        "channel_id": letter.channel_id,
        "subject": letter.subject,
        "text": letter.text,
        "markdown": letter.markdown,
        "facts": letter.facts,
        "created_ms": letter.created_ms,
        "recovery": letter.recovery,
    }


def from_json(body: bytes) -> Letter:
    """Return the letter that compact JSON has; ValueError or TypeError for what nobody wrote."""
    return Letter(**json.loads(body))


def store(db: sqlite3.Connection, letters: Iterable[Letter], quiet_until: Mapping[str, int]) -> None:
    """Queue letters in the open transaction; one whose id is on record already stays as it is."""
    for letter in letters:
        _insert(db, letter, quiet_until.get(letter.id, 0))


def _insert(db: sqlite3.Connection, letter: Letter, due_ms: int) -> None:
    body = spelled(to_json(letter))
    values = (letter.id, letter.incident_id, letter.seq, letter.channel_id, letter.created_ms, body, due_ms)
    db.execute(_INSERT, values)


def bundle(db: sqlite3.Connection, digest: Letter, letter_ids: Sequence[str], at_ms: int) -> None:
    """Queue a digest and let it stand for the letters named, which must be waiting; KeyError where one is not."""
    _insert(db, digest, 0)
    for letter_id in letter_ids:
        changed = db.execute(
            f"UPDATE letter SET state = 'bundled', digest = ?, marked_ms = ? WHERE id = ? AND {_IS_WAITING}",  # noqa: S608 - a constant
            (digest.id, at_ms, letter_id),
        )
        if changed.rowcount != 1:
            raise KeyError(f"no letter {letter_id} waits to go into a digest")


def mark(
    db: sqlite3.Connection, letter_id: str, state: LetterState, receipt: Receipt | None, at_ms: int, due_ms: int
) -> None:
    """Note where a letter is now; KeyError where there is none of this id."""
    sending = state is LetterState.SENDING
    changed = db.execute(
        """
        UPDATE letter SET state = :state, marked_ms = :at, due_ms = :due,
            tries = CASE :state WHEN 'sending' THEN tries + 1 WHEN 'queued' THEN 0 ELSE tries END,
            tried_ms = CASE :state WHEN 'sending' THEN :at ELSE tried_ms END,
            code = coalesce(:code, code), detail = coalesce(:detail, detail)
        WHERE id = :id
        """,
        {
            "state": state.value,
            "at": at_ms,
            "due": due_ms,
            "code": None if receipt is None or sending else receipt.code,
            "detail": None
            if receipt is None or sending
            else receipt.detail[:KEEP_DETAIL].encode("utf-8", "replace").decode(),
            "id": letter_id,
        },
    )
    if changed.rowcount != 1:
        raise KeyError(f"no letter {letter_id} on record")
    if state.is_final or state is LetterState.QUEUED:
        fate = LetterState.BUNDLED if state is LetterState.QUEUED else state
        db.execute("UPDATE letter SET state = ?, marked_ms = ? WHERE digest = ?", (fate.value, at_ms, letter_id))


def read(
    db: sqlite3.Connection,
    *,
    states: Collection[LetterState] | None = None,
    incident_id: str | None = None,
    limit: int | None = None,
    damaged: list[str] | None = None,
) -> tuple[Post, ...]:
    """Return letters in the order of queueing: of these states (None: all), of one incident; the newest `limit`.

    Where `damaged` is given, one that cannot be read is left out and told there; LedgerDamagedError otherwise.
    """
    if not has_letters(db):
        return ()
    wanted = sorted(LetterState if states is None else states)
    where = f"state IN ({', '.join('?' * len(wanted))})"
    values: list[object] = [state.value for state in wanted]
    if states is not None and frozenset(states) == WAITING:
        where, values = _IS_WAITING, []  # spelled as its index has it
    elif states is not None and frozenset(states) == {LetterState.DEAD}:
        where, values = "state = 'dead'", []
    if incident_id is not None:
        where, values = f"{where} AND incident = ?", [*values, incident_id]
    rows = db.execute(
        f"{_SELECT} WHERE {where} ORDER BY number DESC LIMIT ?",
        (*values, -1 if limit is None else limit),
    ).fetchall()
    return tuple(readable(reversed(rows), _read, damaged))


def find(db: sqlite3.Connection, letter_id: str) -> Post | None:
    """Return one letter."""
    if not has_letters(db):
        return None
    row = db.execute(f"{_SELECT} WHERE id = ?", (letter_id,)).fetchone()
    return None if row is None else _read(row)


def last_seqs(db: sqlite3.Connection, incident_ids: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return the newest number given per (incident, channel): also which channels were told of an incident at all."""
    if not has_letters(db):
        return {}
    out: dict[tuple[str, str], int] = {}
    for incident_id in incident_ids:
        rows = db.execute("SELECT channel, max(seq) FROM letter WHERE incident = ? GROUP BY channel", (incident_id,))
        out.update({(incident_id, channel): seq for channel, seq in rows})
    return out


def last_tried(db: sqlite3.Connection, channels: Iterable[str]) -> dict[str, Post]:
    """Return the letter that was tried last on each of these channels; those never tried are left out."""
    if not has_letters(db):
        return {}
    out: dict[str, Post] = {}
    for channel in channels:
        row = db.execute(
            f"{_SELECT} WHERE channel = ? AND tried_ms IS NOT NULL ORDER BY tried_ms DESC LIMIT 1", (channel,)
        ).fetchone()
        if row is not None:
            out[channel] = _read(row)
    return out


def dead_counts(db: sqlite3.Connection) -> dict[str, int]:
    """Return how many letters each channel gave up."""
    if not has_letters(db):
        return {}
    return dict(db.execute("SELECT channel, count(*) FROM letter WHERE state = 'dead' GROUP BY channel"))


def sweep(db: sqlite3.Connection, before_ms: int, *, limit: int) -> int:
    """Drop the words of at most `limit` delivered letters from before an instant; return how many there were.

    That they went, when, to whom and what the platform said stays; so do the subject and, beside them, incidents and
    orders. Letters that wait or were given up keep their words.
    """
    if not has_letters(db):
        return 0
    rows = db.execute(
        "SELECT number, body FROM letter WHERE created_ms < ? AND state = 'delivered' AND instr(body, ?) = 0"
        " ORDER BY number LIMIT ?",
        (before_ms, _SWEPT, limit),
    ).fetchall()
    for number, body in rows:
        bare = {**json.loads(body), "text": "", "markdown": "", "facts": {}}
        db.execute("UPDATE letter SET body = ? WHERE number = ?", (spelled(bare), number))
    return len(rows)


def tried_since(db: sqlite3.Connection, since_ms: int) -> dict[str, tuple[int, ...]]:
    """Return when letters were tried since an instant, by channel, oldest first: a limit of rate outlives a restart."""
    if not has_letters(db):
        return {}
    out: dict[str, list[int]] = {}
    rows = db.execute("SELECT channel, tried_ms FROM letter WHERE tried_ms >= ? ORDER BY tried_ms", (since_ms,))
    for channel, tried_ms in rows:
        out.setdefault(channel, []).append(tried_ms)
    return {channel: tuple(found) for channel, found in out.items()}


def _read(row: Row) -> Post:
    body, state, tries, due_ms, tried_ms, marked_ms, code, detail, digest = row
    try:
        return Post(
            letter=from_json(body),
            state=LetterState(state),
            tries=tries,
            due_ms=due_ms,
            tried_ms=tried_ms,
            marked_ms=marked_ms,
            code=code,
            detail=detail,
            digest_id=digest,
        )
    except (ValueError, TypeError) as error:
        raise LedgerDamagedError(f"通知记录读不出 / a letter on record cannot be read: {error}") from error
