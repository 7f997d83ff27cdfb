"""A Standing's parts as JSON values, for the API and the command line alike.

Times and spans are integers in milliseconds. Percents are text, cut to two places and never rounded up; null where
nothing was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camkeeper.availability.buckets import Buckets, truncated_percent
from camkeeper.model.status import Status
from camkeeper.standing.view import RateView, SiteStanding


def buckets_json(buckets: Buckets) -> dict[str, Any]:
    """Write the five buckets; `degraded_ms` is a part of `up_ms`."""
    return {
        "up_ms": buckets.up_ms,
        "down_ms": buckets.down_ms,
        "unknown_ms": buckets.unknown_ms,
        "excluded_ms": buckets.excluded_ms,
        "absent_ms": buckets.absent_ms,
        "degraded_ms": buckets.degraded_ms,
    }


def percents_json(buckets: Buckets) -> dict[str, Any]:
    """Write what follows from the buckets."""
    return {
        "ratio": truncated_percent(buckets.ratio),
        "lower": truncated_percent(buckets.lower),
        "upper": truncated_percent(buckets.upper),
        "good": truncated_percent(buckets.good_ratio),
        "completeness": truncated_percent(buckets.completeness),
    }


def rate_json(rate: RateView) -> dict[str, Any]:
    """Write one rate with its period, target and verdict."""
    return {
        "start_ms": rate.period.start_ms,
        "end_ms": rate.period.end_ms,
        "buckets": buckets_json(rate.buckets),
        "percent": percents_json(rate.buckets),
        "target_bp": rate.target_bp,
        "verdict": rate.verdict.value,
    }


def counts_json(by_status: Mapping[Status, int]) -> dict[str, Any]:
    """Write counts, zeros too."""
    return {status.value: by_status.get(status, 0) for status in Status}


def site_json(site: SiteStanding) -> dict[str, Any]:
    """Write one site."""
    return {
        "id": site.id,
        "name": site.name,
        "name_en": site.name_en,
        "kind": site.kind.value,
        "code": site.code,
        "parent_id": site.parent_id,
        "target_bp": site.target_bp,
        "cameras": counts_json(site.cameras),
        "cameras_total": site.cameras_total,
        "cameras_online": site.cameras_online,
        "others": counts_json(site.others),
        "today": rate_json(site.today),
        "month": rate_json(site.month),
    }
