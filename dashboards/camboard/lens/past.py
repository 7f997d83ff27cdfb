"""The past, the reasons and the reports within one scope."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from camboard.lens.reach import Reach
from camboard.lens.rooms import Once, ScopedStanding
from camboard.source import InsightSource, ReportSource
from camkeeper.model.access import EVERYTHING, Scope
from camkeeper.model.register import Place, RegisterEntry
from camkeeper.report.settlement import Settlement
from camkeeper.report.words import Form, Lang
from camkeeper.standing.month import MonthVersion
from camkeeper.standing.past import Past
from camkeeper.standing.report import MonthEntry, MonthReport, Trend
from camkeeper.standing.why import Why, WhyAsk


class ScopedInsight:
    """What lies behind the figures within reach."""

    def __init__(self, source: InsightSource, town: ScopedStanding) -> None:
        self._source, self._town = source, town
        self._once: Once[Past, Past] = Once()

    def past(self) -> Past | None:
        """Return the past of what is shown; a contractor has no share in the months of a site."""
        value, seen = self._source.past(), self._town.reach()
        return None if value is None else self._once.of(value, seen, lambda: past_within(value, seen))

    async def why(self, ask: WhyAsk) -> Why:
        """Return what is behind a figure within reach; of a site, of the devices that are shown."""
        seen = self._town.reach()
        if ask.site_id and ask.site_id not in seen.site_ids:
            raise LookupError(ask.site_id)
        if ask.device_id and ask.device_id not in seen.device_ids:
            raise LookupError(ask.device_id)
        if seen.contractor_id is None:
            return await self._source.why(ask)  # whole sites: cameras that were taken down count, too
        among = seen.device_ids if ask.among is None else ask.among & seen.device_ids
        return await self._source.why(replace(ask, among=among))

    def probe_now(self, device_ids: Collection[str]) -> frozenset[str]:
        """Have devices within reach probed at once."""
        return self._source.probe_now(frozenset(device_ids) & self._town.reach().device_ids)


def past_within(value: Past, seen: Reach) -> Past:
    """Return the past of the devices and sites within reach."""
    months = {} if seen.contractor_id is not None else value.months
    return replace(
        value,
        cells={i: cells for i, cells in value.cells.items() if i in seen.device_ids},
        months={i: rates for i, rates in months.items() if i in seen.site_ids},
    )


class ScopedReports:
    """Reports of one scope: whatever is asked for, no more than that."""

    def __init__(self, source: ReportSource, scope: Scope) -> None:
        self._source, self._scope = source, scope

    async def months(self) -> tuple[MonthEntry, ...]:
        """Return every month there are figures of."""
        return await self._source.months()

    async def report(self, month: str, scope: Scope = EVERYTHING) -> MonthReport:
        """Return one month as the sums of this scope."""
        del scope
        return await self._source.report(month, self._scope)

    async def paper(self, month: str, scope: Scope = EVERYTHING, *, form: Form, lang: Lang) -> bytes:
        """Return one month of this scope as a file."""
        del scope
        return await self._source.paper(month, self._scope, form=form, lang=lang)

    async def settlement(self, month: str, scope: Scope = EVERYTHING) -> Settlement | None:
        """Return what one month costs within this scope."""
        del scope
        return await self._source.settlement(month, self._scope)

    async def versions(self, month: str) -> tuple[MonthVersion, ...]:
        """Return who closed and amended a month; the sums of the whole township are not this reader's."""
        found = await self._source.versions(month)
        return found if self._scope.whole else tuple(replace(v, old=None, new=None, changed=0) for v in found)

    async def trend(self, device_id: str, month: str, scope: Scope = EVERYTHING) -> Trend:
        """Return one device's days of a month."""
        del scope
        return await self._source.trend(device_id, month, self._scope)

    async def register(self, *, before: Place | None, count: int) -> tuple[RegisterEntry, ...]:
        """Return nothing: the register speaks of the whole township."""
        del before, count
        return ()
