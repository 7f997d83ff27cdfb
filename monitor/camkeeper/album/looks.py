"""The newest look at each camera, and what the rules of evidence remember: written and read."""

from __future__ import annotations

import json
import math
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import replace

from camkeeper.model.picture import Look, Turn
from camkeeper.model.wire import from_json, to_json

MAX_BODY_BYTES = 1024 * 1024
DIGITS = 6
"""Of a feature. More is noise, and takes twice the room."""


def pack(text: str) -> bytes:
    """Return compressed text."""
    return zlib.compress(text.encode("utf-8", "replace"), 6)


def unpack(body: bytes) -> str:
    """Return the text; ValueError for what nobody wrote."""
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(body, MAX_BODY_BYTES)
    except zlib.error as error:
        raise ValueError(f"does not unpack: {error}") from error
    if not unpacker.eof:
        raise ValueError("cut off or too large")
    return raw.decode()


def pack_look(look: Look) -> bytes:
    """Return a look, its features rounded; what is no number (a division by nothing) is left out."""
    diagnosis = look.diagnosis
    rounded = replace(diagnosis, features=_rounded(diagnosis.features), turn=_floats(diagnosis.turn))
    return pack(json.dumps(to_json(replace(look, diagnosis=rounded)), separators=(",", ":"), allow_nan=False))


def _rounded(features: Mapping[str, float]) -> dict[str, float]:
    return {str(k): float(f"{v:.{DIGITS}g}") for k, v in features.items() if math.isfinite(v)}


def _floats(turn: Turn | None) -> Turn | None:
    """Return the turn with floats only: a count of inliers is an int to whoever made it, and JSON keeps that."""
    if turn is None:
        return None
    return Turn(
        yaw_deg=float(turn.yaw_deg),
        pitch_deg=float(turn.pitch_deg),
        roll_deg=float(turn.roll_deg),
        error_deg=float(turn.error_deg),
        method=turn.method,
        support=float(turn.support),
    )


def unpack_look(body: bytes) -> Look:
    """Return a look; ValueError for what nobody wrote."""
    return from_json(Look, json.loads(unpack(body)))


def note(db: sqlite3.Connection, look: Look, body: bytes, track: bytes) -> None:
    """Keep the newest look and track of a camera, in the open transaction."""
    db.execute(
        "INSERT OR REPLACE INTO camera (device, at_ms, look, track) VALUES (?, ?, ?, ?)",
        (look.device_id, look.at_ms, body, track),
    )


def note_fleet(db: sqlite3.Connection, body: bytes) -> None:
    """Keep what the rules remember of the fleet, in the open transaction."""
    db.execute("INSERT OR REPLACE INTO fleet (id, body) VALUES (1, ?)", (body,))
