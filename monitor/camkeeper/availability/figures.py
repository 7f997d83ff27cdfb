"""The named rules, side by side, from the same day sums. Fractions throughout; only a display cuts digits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from camkeeper.availability.buckets import BASIS_POINTS, Buckets, Promise, total
from camkeeper.availability.daily import DaySum, Looks, looks_of
from camkeeper.model.policy import AccountingPolicy, Rule

Share = Fraction | None
"""A ratio in [0, 1]; None where nothing counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one named rule makes of a period. `lower` and `upper` are the rate if all unknown was down, or up."""

    policy_id: str
    rule: Rule
    ratio: Share
    """Of what is known; None where nothing is."""
    lower: Share
    upper: Share
    verdict: Promise
    buckets: Buckets
    """All time of the period, whatever the rule counts."""
    days: int = 0
    """Local days that count, for DAILY_MEAN."""
    looks: Looks = field(default_factory=Looks)
    """Looks that count, for PATROL_DAILY."""

    @property
    def completeness(self) -> Share:
        """Known share of what the rule counts (time, mean of days, looks): all but the width of the bounds."""
        if self.lower is None or self.upper is None:
            return None
        return 1 - (self.upper - self.lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePair:
    """The figure with the agreed windows left out (`net`, the one that is paid by) and with them counted (`gross`)."""

    net: Figure
    gross: Figure


def decide(lower: Share, upper: Share, *, target: Fraction, unknown_limit: Fraction) -> Promise:
    """Say whether a target is kept, exactly as `Buckets.verdict` does, for any rule.

    The unknown share is the width of the bounds. Nothing accountable is undetermined.
    """
    if lower is None or upper is None:
        return Promise.UNDETERMINED
    if upper < target:
        return Promise.MISSED
    if lower >= target and upper - lower <= unknown_limit:
        return Promise.MET
    return Promise.UNDETERMINED


def figure(policy: AccountingPolicy, days: Iterable[DaySum], *, target_bp: int) -> Figure:
    """Apply one rule to the day sums of a device, a site or a county.

    The caller made the sums with the windows of `policy.excludes` left out; the rule itself knows no window.
    """
    counted = tuple(days)
    ratio, lower, upper = _RULES[policy.rule](counted)
    return Figure(
        policy_id=policy.id,
        rule=policy.rule,
        ratio=ratio,
        lower=lower,
        upper=upper,
        verdict=decide(
            lower,
            upper,
            target=Fraction(target_bp, BASIS_POINTS),
            unknown_limit=Fraction(policy.unknown_limit_bp, BASIS_POINTS),
        ),
        buckets=_sum(counted),
        days=sum(bool(day.buckets.accountable_ms) for day in counted),
        looks=looks_of(counted),
    )


def figure_pair(
    policy: AccountingPolicy, *, net: Iterable[DaySum], gross: Iterable[DaySum], target_bp: int
) -> FigurePair:
    """Apply one rule twice: to sums without the agreed windows, and to sums that count them like any time."""
    found = figure(policy, net, target_bp=target_bp)
    return FigurePair(net=found, gross=found if gross is net else figure(policy, gross, target_bp=target_bp))


def _time_weighted(days: Sequence[DaySum]) -> tuple[Share, Share, Share]:
    whole = _sum(days)
    return whole.ratio, whole.lower, whole.upper


def _daily_mean(days: Sequence[DaySum]) -> tuple[Share, Share, Share]:
    """Mean over local days. A day of which nothing is known has bounds 0 and 1 and no rate of its own."""
    buckets = [day.buckets for day in days]
    return _mean(b.ratio for b in buckets), _mean(b.lower for b in buckets), _mean(b.upper for b in buckets)


def _patrol_daily(days: Sequence[DaySum]) -> tuple[Share, Share, Share]:
    looks = looks_of(days)
    return (
        _share(looks.online, looks.online + looks.offline),
        _share(looks.online, looks.total),
        _share(looks.online + looks.unknown, looks.total),
    )


_RULES: dict[Rule, Callable[[Sequence[DaySum]], tuple[Share, Share, Share]]] = {
    Rule.TIME_WEIGHTED: _time_weighted,
    Rule.DAILY_MEAN: _daily_mean,
    Rule.PATROL_DAILY: _patrol_daily,
}


def _share(part: int, whole: int) -> Share:
    return Fraction(part, whole) if whole else None


def _mean(shares: Iterable[Share]) -> Share:
    some = [share for share in shares if share is not None]
    return sum(some, Fraction()) / len(some) if some else None


def _sum(days: Sequence[DaySum]) -> Buckets:
    return total(day.buckets for day in days)
