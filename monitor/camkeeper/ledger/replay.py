"""After a restart: the judge's tracks, from the checkpoint and the samples journalled since."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from camkeeper.judge.fold import expire, judge
from camkeeper.judge.track import Track
from camkeeper.ledger import journal
from camkeeper.ledger.chain import Kind, compact, read_object, read_transition
from camkeeper.ledger.record import JournalBatch, LifeChange, Recorded, Recovery
from camkeeper.model.change import Transition
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.status import Reason, Status

HoldOf = Callable[[str], int]
"""Device id -> how long one of its samples holds, milliseconds; 0: it left the register while nobody ran."""


def pack_tracks(tracks: Iterable[Track]) -> bytes:
    """Return the tracks as compressed JSON."""
    return zlib.compress(compact([t.to_row() for t in tracks]), 1)


def unpack_tracks(blob: bytes) -> tuple[Track, ...]:
    """Return the tracks of a checkpoint; ValueError for bytes that nobody wrote."""
    try:
        return tuple(Track.from_row(row) for row in json.loads(zlib.decompress(blob)))
    except zlib.error as error:
        raise ValueError(f"checkpoint does not unpack: {error}") from error


def read_checkpoint(db: sqlite3.Connection) -> tuple[int, tuple[Track, ...], tuple[str, ...]]:
    """Return (journal row up to which it holds, tracks, faults); row 0 and no tracks where there is none."""
    row = db.execute("SELECT journal_id, tracks, crc FROM track_checkpoint").fetchone()
    if row is None:
        return 0, (), ()
    journal_id, blob, crc = row
    if crc != journal.values_crc(journal_id, blob):
        return 0, (), ("track_checkpoint: wrong CRC",)
    try:
        return journal_id, unpack_tracks(blob), ()
    except ValueError as error:
        return 0, (), (f"track_checkpoint: {error}",)


def read_journal(db: sqlite3.Connection, after: int, ids: dict[int, str]) -> tuple[list[JournalBatch], list[str]]:
    """Return the batches after journal row `after`, in order, and what is wrong with any of them."""
    batches, faults = [], []
    rows = db.execute(
        "SELECT id, from_seq, to_seq, tick_ms, samples, crc FROM journal WHERE id > ? ORDER BY id", (after,)
    )
    for row_id, from_seq, to_seq, tick_ms, blob, crc in rows.fetchall():
        if crc != journal.row_crc(from_seq, to_seq, tick_ms, blob):
            faults.append(f"journal row {row_id}: wrong CRC")
            continue
        try:
            samples = journal.unpack(blob, ids)
        except KeyError as error:
            faults.append(f"journal row {row_id}: nobody wrote {error}")
            continue
        transitions, lives = _told(db, from_seq, to_seq, ids)
        batches.append(JournalBatch(samples=samples, transitions=transitions, lives=lives, tick_ms=tick_ms))
    return batches, faults


def _told(
    db: sqlite3.Connection, from_seq: int, to_seq: int, ids: dict[int, str]
) -> tuple[tuple[Transition, ...], tuple[LifeChange, ...]]:
    transitions, lives = [], []
    rows = db.execute(
        "SELECT kind, at_ms, body FROM chain WHERE seq > ? AND seq <= ? AND kind IN (?, ?) ORDER BY seq",
        (from_seq, to_seq, int(Kind.TRANSITION), int(Kind.LIFE)),
    )
    for kind, at_ms, body in rows:
        if kind == Kind.TRANSITION:
            transitions.append(read_transition(ids[json.loads(body)[0]], at_ms, body))
        else:
            value = read_object(body)
            lives.append(LifeChange(device_id=str(value["id"]), at_ms=at_ms, enrolled=bool(value["enrolled"])))
    return tuple(transitions), tuple(lives)


def refold(recovery: Recovery, policy: JudgePolicy, hold_of: HoldOf) -> dict[str, Track]:
    """Fold the journalled batches onto the tracks of the checkpoint; no transition is to be written again for them.

    Within a batch samples come before expiries. Where the fold and the record disagree (the policy was changed
    between two runs, or a bookmark is damaged), the record stands: what was acknowledged is never judged anew.
    """
    out = {t.device_id: t for t in recovery.tracks}
    for batch in recovery.batches:
        for sample in batch.samples:
            hold_ms = hold_of(sample.device_id)
            if hold_ms > 0:
                out[sample.device_id], _ = judge(out.get(sample.device_id), sample, policy, hold_ms)
        for told in batch.transitions:
            track = out.get(told.device_id)
            hold_ms = hold_of(told.device_id)
            if track is not None and hold_ms > 0 and told.new is Status.UNKNOWN and told.reason is Reason.SILENCE:
                out[told.device_id], _ = expire(track, told.decided_ms, hold_ms)
        for told in {t.device_id: t for t in batch.transitions}.values():
            out[told.device_id] = _as_told(out.get(told.device_id), told)
        for change in batch.lives:
            if not change.enrolled:
                out.pop(change.device_id, None)
    for standing in recovery.standing:
        name = standing.device_id
        # Of one that left the register the record's status held up to the last tick: nobody can fold its samples.
        known = out.get(name) if hold_of(name) > 0 else None
        if known is None or known.status is not standing.status:
            out[name] = _as_recorded(known, standing, (recovery.last_tick_ms or standing.since_ms) - hold_of(name))
    return out


def _as_recorded(track: Track | None, standing: Recorded, seen_ms: int) -> Track:
    """Go on from the record's own status. Nothing tells when the last sample was: from the last tick on, unknown."""
    last_ms = max(standing.since_ms, seen_ms if track is None else track.last_ms)
    reason = Reason.SILENCE if track is None else track.reason
    return Track(
        device_id=standing.device_id, status=standing.status, reason=reason, since_ms=standing.since_ms, last_ms=last_ms
    )


def _as_told(track: Track | None, told: Transition) -> Track:
    if track is None:
        return Track(
            device_id=told.device_id, status=told.new, reason=told.reason, since_ms=told.at_ms, last_ms=told.decided_ms
        )
    if track.status is told.new and track.since_ms == told.at_ms:
        return track
    return replace(track, status=told.new, reason=told.reason, since_ms=told.at_ms, worse=None, down=None)
