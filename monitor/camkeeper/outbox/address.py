"""Numbers and ids of letters: the same step to the same channel has the same id, whoever computes it and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def letter_id(incident_id: str, channel_id: str, seq: int) -> str:
    """Return the id that stays with a letter at every attempt: `I000123/duty-wecom/2`."""
    return f"{incident_id}/{channel_id}/{seq}"


def numbered(
    incident_id: str, channel_ids: Iterable[str], last_seqs: Mapping[tuple[str, str], int]
) -> dict[str, tuple[int, str]]:
    """Return channel id -> (seq, letter id) of the next letter about an incident, after those on record."""
    out: dict[str, tuple[int, str]] = {}
    for channel_id in channel_ids:
        seq = last_seqs.get((incident_id, channel_id), 0) + 1
        out[channel_id] = (seq, letter_id(incident_id, channel_id, seq))
    return out
