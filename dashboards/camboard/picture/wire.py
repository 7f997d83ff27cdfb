"""Pictures as JSON: verdicts, baselines, aims and clocks; no picture, and nobody's name. Pure."""

from __future__ import annotations

from camboard.source import JSON
from camkeeper.model.picture import BaselineInfo, Context, Drift, Finding
from camkeeper.model.view import ViewRecord
from camkeeper.standing.picture import Aimed, PictureStanding, PictureView


def pictures(value: PictureStanding) -> dict[str, JSON]:
    """Write all pictures at one instant."""
    return {
        "at_ms": value.at_ms,
        "learn_frames": value.learn_frames,
        "diagnosed": value.diagnosed,
        "verdicts": {verdict.value: n for verdict, n in value.verdicts.items()},
        "failed": value.failed,
        "dropped": value.dropped,
        "crashed": value.crashed,
        "waiting": value.waiting,
        "weather_site_ids": list(value.weather_site_ids),
        "cameras": [camera(view) for view in value.cameras.values()],
    }


def camera(view: PictureView) -> dict[str, JSON]:
    """Write one camera's picture; `verdict` is of one snapshot and proves nothing, `finding` is what counts."""
    return {
        "device_id": view.device_id,
        "looked_ms": view.looked_ms,
        "context": None if view.context is None else view.context.value,
        "verdict": None if view.verdict is None else view.verdict.value,
        "advisory": list(view.advisory),
        "finding": None if view.finding is None else finding(view.finding),
        "baselines": [_baseline(info) for info in view.baselines],
        "learnt": {context.value: view.learnt.get(context, 0) for context in Context},
        "aimed": None if view.aimed is None else _aimed(view.aimed),
        "drift": None if view.drift is None else drift(view.drift),
        "has_thumbnail": view.has_thumbnail,
    }


def finding(value: Finding) -> dict[str, JSON]:
    """Write what is proved."""
    turn = value.turn
    return {
        "verdict": value.verdict.value,
        "scope": value.scope.value,
        "since_ms": value.since_ms,
        "decided_ms": value.decided_ms,
        "looks": value.looks,
        "turn": None
        if turn is None
        else {
            "yaw_deg": turn.yaw_deg,
            "pitch_deg": turn.pitch_deg,
            "roll_deg": turn.roll_deg,
            "error_deg": turn.error_deg,
            "method": turn.method,
        },
    }


def drift(value: Drift) -> dict[str, JSON]:
    """Write one point of a clock's history."""
    return {"at_ms": value.at_ms, "offset_s": value.offset_s}


def view_record(record: ViewRecord) -> dict[str, JSON]:
    """Write one entry of the register of views."""
    return {
        "at_ms": record.at_ms,
        "who": record.who,
        "unit": record.unit,
        "why": record.why,
        "device_id": record.device_id,
        "what": record.what.value,
        "incident_id": record.incident_id,
    }


def _baseline(info: BaselineInfo) -> JSON:
    return {
        "context": info.context.value,
        "version": info.version,
        "learned_ms": info.learned_ms,
        "frames": info.frames,
        "accepted": info.accepted,
        "digest": info.digest,
    }


def _aimed(value: Aimed) -> JSON:
    return {
        "planned_deg": value.planned_deg,
        "measured_deg": value.measured_deg,
        "error_deg": value.error_deg,
        "since_ms": value.since_ms,
    }
