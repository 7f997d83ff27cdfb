"""What a month costs, for a page: each bill, and the intervals that its amounts come from. Frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from camkeeper.report.deduct import Bill
from camkeeper.report.values import IntervalLine

SHOWN = 20
"""Intervals kept of one amount; the annex of the report has all of them, under the same numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The bills of one month, for one scope."""

    bills: tuple[Bill, ...] | None
    """None: no terms are configured."""
    intervals: Mapping[int, IntervalLine] = field(default_factory=dict)
    """By number: the first ones of each amount."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the devices in them, by id."""

    def bill_of(self, contractor_id: str) -> Bill | None:
        """Return what one contractor's month comes to; None where no terms are theirs."""
        return next((b for b in self.bills or () if b.contractor_id == contractor_id), None)


def settled(bills: tuple[Bill, ...] | None, intervals: Iterable[IntervalLine], names: Mapping[str, str]) -> Settlement:
    """Return the bills with the first intervals of each of their amounts."""
    wanted = {n for bill in bills or () for amount in bill.amounts for n in amount.trace[:SHOWN]}
    kept = {line.number: line for line in intervals if line.number in wanted}
    ids = {line.device_id for line in kept.values()}
    return Settlement(bills=bills, intervals=kept, names={i: name for i, name in names.items() if i in ids})
