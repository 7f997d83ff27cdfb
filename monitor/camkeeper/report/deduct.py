"""From a month's figures to amounts, each with the intervals or the order that it comes from. Pure; integers only.

Ignorance costs nobody: a step counts where even the upper bound lies below it. What would be taken off if all unknown
time had been down stands beside it as `doubt_fen`, and is never part of the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from camkeeper.availability.figures import Share
from camkeeper.model.deduction import DeductionTerms, LateRule, Step
from camkeeper.model.equipment import DeviceKind

BASIS_POINTS = 10_000
_MIN_MS = 60_000


class Ground(StrEnum):
    """What an amount is for."""

    TOTAL = "total"
    VILLAGE = "village"
    DEVICE = "device"
    RESPONSE = "response"
    REPAIR = "repair"
    CAP = "cap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A rate that steps are held against."""

    id: str
    name: str
    lower: Share
    upper: Share
    down_ms: int
    trace: tuple[int, ...]
    """Numbers of the intervals in the annex in which it was down."""
    kind: DeviceKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How late one cycle of a repair was, in the contract's time; 0: in time."""

    order_id: str
    response_ms: int
    repair_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One amount, and why."""

    ground: Ground
    id: str
    name: str
    fen: int
    """Taken off; negative for what a cap gives back."""
    doubt_fen: int
    """More that would be taken off if all that is unknown had been down."""
    lower: Share = None
    upper: Share = None
    below_bp: int | None = None
    """The step that counts; None: none surely does."""
    late_ms: int = 0
    units: int = 0
    """Begun stretches of lateness."""
    each_fen: int = 0
    down_ms: int = 0
    trace: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one contractor's month comes to."""

    contractor_id: str
    contractor: str
    terms: DeductionTerms
    amounts: tuple[Amount, ...]

    @property
    def fen(self) -> int:
        """Taken off."""
        return sum(amount.fen for amount in self.amounts)

    @property
    def doubt_fen(self) -> int:
        """More that might have been, within the cap."""
        most = self.terms.most_fen
        doubt = sum(amount.doubt_fen for amount in self.amounts)
        return doubt if most is None else min(doubt, most - self.fen)


def terms_of(contractor_id: str, terms: Iterable[DeductionTerms]) -> DeductionTerms | None:
    """Return whose terms decide: those that name the contractor, else those that name nobody."""
    listed = tuple(terms)
    named = (t for t in listed if contractor_id in t.contractor_ids)
    return next(named, next((t for t in listed if not t.contractor_ids), None))


def bill(
    terms: DeductionTerms,
    *,
    total: Measured,
    villages: Sequence[Measured],
    devices: Sequence[Measured],
    late: Sequence[Lateness],
) -> Bill:
    """Apply one contract to one contractor's month; lines that take off nothing and leave no doubt are not there."""
    lines = list(_lines(terms, total, villages, devices, late))
    fen = sum(line.fen for line in lines)
    if terms.most_fen is not None and fen > terms.most_fen:
        lines.append(Amount(ground=Ground.CAP, id="", name="", fen=terms.most_fen - fen, doubt_fen=0))
    return Bill(contractor_id=total.id, contractor=total.name, terms=terms, amounts=tuple(lines))


def _lines(
    terms: DeductionTerms,
    total: Measured,
    villages: Sequence[Measured],
    devices: Sequence[Measured],
    late: Sequence[Lateness],
) -> Iterator[Amount]:
    yield from _stepped(Ground.TOTAL, total, terms.total)
    for one in villages:
        yield from _stepped(Ground.VILLAGE, one, terms.village)
    for one in devices:
        yield from _stepped(Ground.DEVICE, one, terms.device.get(one.kind, ()) if one.kind is not None else ())
    for order in late:
        yield from _late(Ground.RESPONSE, order.order_id, order.response_ms, terms.response)
        yield from _late(Ground.REPAIR, order.order_id, order.repair_ms, terms.repair)


def step_below(rate: Share, steps: Iterable[Step]) -> Step | None:
    """Return the deepest step above the rate; None where there is none, or no rate."""
    if rate is None:
        return None
    deep = [s for s in steps if rate.numerator * BASIS_POINTS < s.below_bp * rate.denominator]
    return min(deep, key=lambda s: s.below_bp, default=None)


def _stepped(ground: Ground, one: Measured, steps: Sequence[Step]) -> Iterator[Amount]:
    sure, worst = step_below(one.upper, steps), step_below(one.lower, steps)
    fen = 0 if sure is None else sure.fen
    doubt_fen = max(0, (0 if worst is None else worst.fen) - fen)
    if not fen and not doubt_fen:
        return
    yield Amount(
        ground=ground,
        id=one.id,
        name=one.name,
        fen=fen,
        doubt_fen=doubt_fen,
        lower=one.lower,
        upper=one.upper,
        below_bp=None if sure is None else sure.below_bp,
        down_ms=one.down_ms,
        trace=one.trace,
    )


def _late(ground: Ground, order_id: str, late_ms: int, rule: LateRule | None) -> Iterator[Amount]:
    if rule is None or late_ms <= 0:
        return
    units = -(-late_ms // (rule.every_min * _MIN_MS))
    fen = units * rule.fen
    yield Amount(
        ground=ground,
        id=order_id,
        name="",
        fen=fen if rule.most_fen is None else min(fen, rule.most_fen),
        doubt_fen=0,
        late_ms=late_ms,
        units=units,
        each_fen=rule.fen,
    )
