"""The values behind a digest's words, for machines: the integers, not the cut percents. Pure."""

from __future__ import annotations

from camkeeper.availability.figures import Figure
from camkeeper.digest.due import Due
from camkeeper.digest.values import Digest, Place, Seen
from camkeeper.model.letter import JSON

TIMES = ("up_ms", "down_ms", "unknown_ms", "excluded_ms", "absent_ms", "degraded_ms")


def facts(digest: Digest, due: Due) -> dict[str, JSON]:
    """Return them as JSON has them."""
    return {
        # A receiver of alerts finds none in it: a summary is not a fault that somebody has to end.
        "incidents": [],
        "digest": due.key,
        "kind": due.kind.value,
        "from_ms": due.period.start_ms,
        "to_ms": due.period.end_ms,
        "total": _place(digest.total),
        "places": [_place(place) for place in digest.places],
        "incident_count": digest.incidents,
        "incidents_open": digest.incidents_open,
        "causes": {cause.value: n for cause, n in digest.causes},
        "orders": {
            "opened": digest.opened,
            "closed": digest.closed,
            "overdue": [{"id": o.id, "what": o.what.value} for o in digest.late],
        },
        "gaps": [[gap.start_ms, gap.end_ms] for gap in digest.gaps],
        "covered": _seen(digest.seen),
        "covered_before": _seen(digest.seen_before),
    }


def _place(place: Place) -> dict[str, JSON]:
    return {
        "id": place.id,
        "name": place.name,
        "target_bp": place.target_bp,
        "cameras": place.cameras,
        "verdict": place.figure.verdict.value,
        "policy": place.figure.policy_id,
        "time": _time(place.figure),
    }


def _time(figure: Figure) -> dict[str, JSON]:
    return {name: getattr(figure.buckets, name) for name in TIMES}


def _seen(seen: Seen | None) -> JSON:
    if seen is None:
        return None
    return {"lower": float(seen.lower), "upper": float(seen.upper), "hours": seen.hours, "of_hours": seen.of_hours}
