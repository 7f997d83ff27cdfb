"""A month for programs: integers in milliseconds, percents as cut text, as `camkeeper sla --json` has them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from camboard.download import Cell
from camboard.source import JSON
from camkeeper.availability.buckets import truncated_percent
from camkeeper.availability.figures import Figure
from camkeeper.standing.export import buckets_json
from camkeeper.standing.report import CauseLine, CoverLine, MonthReport, Rated

_TIMES = ("up_ms", "down_ms", "unknown_ms", "excluded_ms", "absent_ms", "degraded_ms")
_PERCENTS = ("ratio", "lower", "upper", "completeness", "good")
HEADING = (
    "month",
    "level",
    "id",
    "name",
    "cameras",
    "target_bp",
    "policy",
    "verdict",
    *(f"{name}_percent" for name in _PERCENTS),
    "gross_ratio_percent",
    *_TIMES,
)


def figure(counted: Figure) -> dict[str, JSON]:
    """Write one figure."""
    return {
        "rule": counted.rule.value,
        "verdict": counted.verdict.value,
        "percent": {**_percents(counted)},
        "time": buckets_json(counted.buckets),
    }


def _percents(counted: Figure) -> dict[str, str | None]:
    return {
        "ratio": truncated_percent(counted.ratio),
        "lower": truncated_percent(counted.lower),
        "upper": truncated_percent(counted.upper),
        "completeness": truncated_percent(counted.completeness),
        "good": truncated_percent(counted.buckets.good_ratio),
    }


def rated(one: Rated) -> dict[str, JSON]:
    """Write a site or a contractor."""
    return {
        "id": one.id,
        "name": one.name,
        "kind": None if one.kind is None else one.kind.value,
        "parent_id": one.parent_id,
        "target_bp": one.target_bp,
        "cameras": one.cameras,
        "net": figure(one.net),
        "gross": figure(one.gross),
    }


def month(report: MonthReport) -> dict[str, JSON]:
    """Write a whole report."""
    sealed = report.sealed
    return {
        "month": report.month,
        "from_ms": report.period.start_ms,
        "to_ms": report.period.end_ms,
        "state": report.state.value,
        "closed": None
        if sealed is None
        else {"seq": sealed.seq, "at_ms": sealed.at_ms, "by": sealed.by, "why": sealed.why, "figures": sealed.figures},
        "timezone": report.timezone,
        "deciding_policy": report.policy.id,
        "total": rated(report.total),
        "other_policies": {other.policy_id: figure(other) for other in report.others},
        "sites": [rated(site) for site in report.sites],
        "contractors": [rated(contractor) for contractor in report.contractors],
        "days": [{"day": day.day.isoformat(), "time": buckets_json(day.buckets)} for day in report.total.days],
        "incidents": [_cause(line) for line in report.causes],
        "agreed": [
            {
                "id": line.id,
                "kind": line.kind.value,
                "from_ms": line.span.start_ms,
                "to_ms": line.span.end_ms,
                "reason": line.reason,
                "evidence": line.evidence,
                "approver": line.approver,
                "devices": line.devices,
                "counts": line.counts,
            }
            for line in report.excluded
        ],
        "coverage": None if report.coverage is None else [_cover(line) for line in report.coverage],
        "ledger": {"seq": report.seq, "hash": report.head},
    }


def _cause(line: CauseLine) -> dict[str, JSON]:
    return {
        "cause": line.cause.value,
        "count": line.count,
        "open": line.open,
        "lasted_ms": line.lasted_ms,
        "answered": line.answered,
        "answer_ms": line.answer_ms,
        "recovered": line.recovered,
        "recover_ms": line.recover_ms,
    }


def _cover(line: CoverLine) -> dict[str, JSON]:
    return {
        "site_id": line.site_id,
        "target_bp": line.target_bp,
        "design": line.design,
        "lower": line.lower,
        "upper": line.upper,
        "worst": line.worst,
        "worst_ms": line.worst_ms,
        "lower_hours": line.lower_hours,
        "upper_hours": line.upper_hours,
    }


def lines(report: MonthReport) -> Iterator[tuple[Cell, ...]]:
    """Write the rates as rows of a table: all together, sites, contractors."""
    listed = [("total", report.total), *(("site", s) for s in report.sites)]
    for level, one in [*listed, *(("contractor", c) for c in report.contractors)]:
        net = one.net
        percents, times = _percents(net), buckets_json(net.buckets)
        yield (
            report.month,
            level,
            one.id,
            one.name,
            one.cameras,
            one.target_bp,
            net.policy_id,
            net.verdict.value,
            *(percents[name] for name in _PERCENTS),
            truncated_percent(one.gross.ratio),
            *(times[name] for name in _TIMES),
        )
