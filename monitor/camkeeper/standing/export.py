"""Rates as JSON values: integers as they are, ratios as numbers, None where nothing was measured."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from camkeeper.availability.buckets import Buckets
from camkeeper.standing.view import RateView


def number(ratio: Fraction | None) -> float | None:
    """Return a ratio as a JSON number; it is for reading, the integers beside it are the figure."""
    return None if ratio is None else float(ratio)


def buckets_json(buckets: Buckets) -> dict[str, Any]:
    """Return the five buckets, the degraded part of up, and what follows from them."""
    return {
        "up_ms": buckets.up_ms,
        "degraded_ms": buckets.degraded_ms,
        "down_ms": buckets.down_ms,
        "unknown_ms": buckets.unknown_ms,
        "excluded_ms": buckets.excluded_ms,
        "absent_ms": buckets.absent_ms,
        "ratio": number(buckets.ratio),
        "good_ratio": number(buckets.good_ratio),
        "lower": number(buckets.lower),
        "upper": number(buckets.upper),
        "completeness": number(buckets.completeness),
    }


def rate_json(rate: RateView) -> dict[str, Any]:
    """Return one rate with its period and verdict."""
    return {
        "from_ms": rate.period.start_ms,
        "to_ms": rate.period.end_ms,
        "target_bp": rate.target_bp,
        "verdict": rate.verdict,
        **buckets_json(rate.buckets),
    }
