"""Five integer buckets, and what may be said from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

BASIS_POINTS = 10_000


class Promise(StrEnum):
    """The verdict on a target: kept, broken, or not known well enough."""

    MET = "met"
    MISSED = "missed"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Milliseconds of a period; the five sum to the period's length exactly (times devices, where added up).

    `degraded_ms` is the part of `up_ms` in which the device answered without a usable picture: online for 在线率,
    not good for 完好率.
    """

    up_ms: int = 0
    down_ms: int = 0
    unknown_ms: int = 0
    excluded_ms: int = 0
    absent_ms: int = 0
    degraded_ms: int = 0

    def __post_init__(self) -> None:
        if min(self.up_ms, self.down_ms, self.unknown_ms, self.excluded_ms, self.absent_ms, self.degraded_ms) < 0:
            raise ValueError(f"a bucket is negative: {self}")
        if self.degraded_ms > self.up_ms:
            raise ValueError(f"degraded is a part of up: {self}")

    def __add__(self, other: Buckets) -> Buckets:
        return Buckets(
            up_ms=self.up_ms + other.up_ms,
            down_ms=self.down_ms + other.down_ms,
            unknown_ms=self.unknown_ms + other.unknown_ms,
            excluded_ms=self.excluded_ms + other.excluded_ms,
            absent_ms=self.absent_ms + other.absent_ms,
            degraded_ms=self.degraded_ms + other.degraded_ms,
        )

    @property
    def period_ms(self) -> int:
        """All five together."""
        return self.up_ms + self.down_ms + self.unknown_ms + self.excluded_ms + self.absent_ms

    @property
    def accountable_ms(self) -> int:
        """T = up + down + unknown: the time that the contract counts."""
        return self.up_ms + self.down_ms + self.unknown_ms

    @property
    def ratio(self) -> Fraction | None:
        """在线率: up / (up + down), exact; None when nothing was measured."""
        known = self.up_ms + self.down_ms
        return Fraction(self.up_ms, known) if known else None

    @property
    def good_ratio(self) -> Fraction | None:
        """完好率: up with a usable picture / (up + down), exact; None when nothing was measured."""
        known = self.up_ms + self.down_ms
        return Fraction(self.up_ms - self.degraded_ms, known) if known else None

    @property
    def lower(self) -> Fraction | None:
        """The rate if all unknown time was down; None where T is zero."""
        return Fraction(self.up_ms, self.accountable_ms) if self.accountable_ms else None

    @property
    def upper(self) -> Fraction | None:
        """The rate if all unknown time was up; None where T is zero."""
        return Fraction(self.up_ms + self.unknown_ms, self.accountable_ms) if self.accountable_ms else None

    @property
    def completeness(self) -> Fraction | None:
        """Known share of T; None where T is zero."""
        return Fraction(self.up_ms + self.down_ms, self.accountable_ms) if self.accountable_ms else None

    def verdict(self, *, target_bp: int | Fraction, unknown_limit_bp: int = 200) -> Promise:
        """Say whether the target is kept, in exact arithmetic only (a target finer than 0.01% is a Fraction).

        Met: even the lower bound reaches the target, and unknown is within its limit. Missed: even the upper bound
        stays below. Anything between is undetermined, and so is a period in which nothing was accountable.
        """
        total = self.accountable_ms
        if not total:
            return Promise.UNDETERMINED
        if (self.up_ms + self.unknown_ms) * BASIS_POINTS < target_bp * total:
            return Promise.MISSED
        enough_known = self.unknown_ms * BASIS_POINTS <= unknown_limit_bp * total
        if self.up_ms * BASIS_POINTS >= target_bp * total and enough_known:
            return Promise.MET
        return Promise.UNDETERMINED


def truncated_percent(ratio: Fraction | None, *, decimals: int = 2) -> str | None:
    """Write a ratio as percent, cut and never rounded up: 94.996% is "94.99", not "95.00".

    >>> truncated_percent(Fraction(94996, 100000))
    '94.99'
    """
    if ratio is None:
        return None
    scale = 10**decimals
    whole = ratio.numerator * 100 * scale // ratio.denominator
    return f"{whole // scale}.{whole % scale:0{decimals}d}" if decimals else str(whole)


def total(of: Iterable[Buckets]) -> Buckets:
    """Add up any number in one pass: a county's month has hundreds of thousands, and each `+` makes an object."""
    up = down = unknown = excluded = absent = degraded = 0
    for one in of:
        up += one.up_ms
        down += one.down_ms
        unknown += one.unknown_ms
        excluded += one.excluded_ms
        absent += one.absent_ms
        degraded += one.degraded_ms
    return Buckets(
        up_ms=up, down_ms=down, unknown_ms=unknown, excluded_ms=excluded, absent_ms=absent, degraded_ms=degraded
    )
