"""The correlator over restarts: as it was, or begun anew where nothing is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from camkeeper.incident import Correlator, Graph
from camkeeper.judge.track import Track
from camkeeper.model.change import Transition
from camkeeper.model.incident import Happening, Incident, IncidentEvent, IncidentPolicy, IncidentState
from camkeeper.model.registry import Registry
from camkeeper.model.status import Status

_log = structlog.get_logger(__name__)

InWindow = Callable[[str, int], bool]


def remembered(
    memory: str | None, newest_id: str | None, registry: Registry, policy: IncidentPolicy, in_window: InWindow
) -> Correlator:
    """Return the correlator as it was left, or a new one that gives no number again."""
    graph = Graph.of(registry)
    if memory is not None:
        try:
            return Correlator.from_json(memory, graph, policy, in_window=in_window)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _log.error("desk_memory_lost", error=f"{type(error).__name__}: {error}")
    return fresh(newest_id, graph, policy, in_window)


def fresh(newest_id: str | None, graph: Graph, policy: IncidentPolicy, in_window: InWindow) -> Correlator:
    """Return a correlator that knows of nothing but the numbers given."""
    begun: dict[str, Any] = dict(Correlator(graph, policy, in_window=in_window).memory())
    begun["number"] = int(newest_id[1:]) if newest_id is not None else 0
    return Correlator.restore(graph, (), begun, policy, in_window=in_window)


def orphans(on_record: Iterable[Incident], correlator: Correlator, now_ms: int) -> tuple[IncidentEvent, ...]:
    """Return the end of incidents that are open on record and that the correlator doesn't know (a lost memory).

    What is still out begins anew under a new number.
    """
    known = {incident.id for incident in correlator.incidents}
    return tuple(
        IncidentEvent(
            at_ms=now_ms,
            happening=Happening.WITHDRAWN,
            incident=replace(incident, state=IncidentState.RESOLVED, resolved_ms=now_ms),
            tells=False,
        )
        for incident in on_record
        if incident.id not in known
    )


def unseen(tracks: Iterable[Track], correlator: Correlator, now_ms: int) -> tuple[Transition, ...]:
    """Return what the correlator missed: devices whose status is another one than it believes."""
    memory: Mapping[str, Any] = correlator.memory()
    believed = dict.fromkeys(memory["up"], Status.UP)
    believed |= {device_id: Status(row[0]) for device_id, row in memory["conditions"].items()}
    out = []
    for track in tracks:
        old = believed.get(track.device_id, Status.UNKNOWN)
        if track.status is not old:
            at_ms = min(track.since_ms, now_ms)
            out.append(
                Transition(
                    device_id=track.device_id,
                    at_ms=at_ms,
                    decided_ms=now_ms,
                    old=old,
                    new=track.status,
                    reason=track.reason,
                )
            )
    return tuple(out)
