"""Names on the bus, and what a member may do there. Pure.

A member may hear questions (only as one of a queue group: two holders of one instant never both answer), answer them
by the address that came with them, keep leases and journal, and say that it lives. Nothing else: no stream of the
ledger, no other member's answers.
"""

from __future__ import annotations

from typing import Any

LEASES, JOURNAL = "CREW", "CREW_LATCHES"
GROUP = "crew"
KEEPER = "keeper"
"""The name by which the monitor itself takes part, where it does."""


def ask_subject(edge_id: str, shard: int | str) -> str:
    """Where the holder of a shard is asked."""
    return f"camkeeper.crew.{edge_id}.ask.{shard}"


def beat_subject(edge_id: str, name: str) -> str:
    """Where a member says that it lives."""
    return f"camkeeper.crew.{edge_id}.beat.{name}"


def member_inbox(name: str) -> str:
    """Where answers to a member come to."""
    return f"_CREW.{name}"


def keeper_inbox(edge_id: str) -> str:
    """Where answers to the keeper come to."""
    return f"_KEEPER.{edge_id}"


def permissions(edge_id: str, name: str) -> dict[str, Any]:
    """Return nats-server's words for what a member may do."""
    # The server takes the domain out of a subject before it looks whether it is allowed.
    api = ("$JS.API", f"$JS.{edge_id}.API")
    return {
        "publish": [
            beat_subject(edge_id, name),
            *(f"$KV.{bucket}.>" for bucket in (LEASES, JOURNAL)),
            *(f"{a}.STREAM.INFO.KV_{bucket}" for a in api for bucket in (LEASES, JOURNAL)),
            *(f"{a}.DIRECT.GET.KV_{bucket}.>" for a in api for bucket in (LEASES, JOURNAL)),
            *(f"{a}.STREAM.PURGE.KV_{LEASES}" for a in api),
        ],
        "subscribe": [f"{ask_subject(edge_id, '*')} {GROUP}", f"{member_inbox(name)}.>"],
        # One answer to each question, by its own address.
        "allow_responses": True,
    }
