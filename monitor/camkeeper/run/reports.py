"""Months as the board shows them: read beside the loop, one at a time, and kept while nothing of them can change."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from camkeeper.availability.days import month_of, month_span
from camkeeper.ledger import LedgerError, LedgerReader
from camkeeper.ledger.closing import SETTLE_MS, Closed, all_closings
from camkeeper.ledger.configs import zone_of
from camkeeper.ledger.register import Said, read_register
from camkeeper.model.access import EVERYTHING, Scope
from camkeeper.model.register import Place, RegisterEntry
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.report.settlement import Settlement
from camkeeper.report.words import Form, Lang
from camkeeper.run.behind import Behind
from camkeeper.run.coverage.coverage import Coverage
from camkeeper.run.monthfigures import Rates, cameras_within, rates
from camkeeper.run.monthstory import cause_lines, cover_lines, excluded_lines, service_of
from camkeeper.run.sla import Asked, asked_month
from camkeeper.run.versions import versions_of
from camkeeper.standing.month import MonthVersion
from camkeeper.standing.report import (
    MonthEntry,
    MonthReport,
    MonthState,
    Sealed,
    Trend,
    TrendPoint,
)

if TYPE_CHECKING:
    from camkeeper.run.settlements import Settlements

KEPT = 96
"""Reports held: two years for each of four scopes."""
PAPERS = 8
"""Printed files held: a megabyte or so each."""
FRESH_MS = 15_000
"""A report of the running month that is older is made anew while the old one is shown: it says until when it is."""
STALE_MS = 600_000
"""One that is older than this is not shown any more: who asks waits."""
WARM_S = 300.0
"""How often the newest months are made before anybody asks: the first page of a county's month does not wait."""
WARM_SHARE = 0.05
"""But no more than this share of the time."""
WARM_MONTHS = 12
"""All that the list of months shows at first. What can't change any more is made once."""
WARM_REST = 2.0
"""Times as long as a month took, before the next one: a county's months of a year are minutes of a core."""
MOST_MONTHS = 1200

_Key = tuple[str, Scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    report: MonthReport
    basis: tuple[object, ...]
    """What it was made of."""
    made_ms: int
    settled: bool
    """Nothing can be dated back into it any more."""


class ReportRoom:
    """Answers `ReportSource` of the board. Owned by the event loop; the ledger is read in threads."""

    def __init__(
        self,
        *,
        ledger: Path,
        now_ms: Callable[[], int],
        registry: Callable[[], Registry],
        coverage: Coverage | None = None,
    ) -> None:
        self._path, self._now_ms, self._registry, self._coverage = ledger, now_ms, registry, coverage
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._turn = asyncio.Lock()
        self._papers: OrderedDict[tuple[str, Scope, Form, Lang], tuple[MonthReport, bytes]] = OrderedDict()
        self._press = asyncio.Lock()
        self._behind = Behind()
        self._bills: Settlements | None = None
        self._said: dict[bytes, Said] = {}

    async def months(self) -> tuple[MonthEntry, ...]:
        """Return every month since the first device was enrolled, newest first; empty for an empty ledger."""
        return await asyncio.to_thread(_months, self._path, self._now_ms())

    async def report(self, month: str, scope: Scope = EVERYTHING) -> MonthReport:
        """Return one month. LookupError where nothing was enrolled yet, ValueError for an unreadable month."""
        now_ms, registry = self._now_ms(), self._registry()
        basis = await asyncio.to_thread(_basis, self._path, month, now_ms, registry)
        kept = self._fresh(month, scope, basis, now_ms)
        if kept is not None:
            return kept
        old = self._kept.get((month, scope))
        if old is not None and old.basis == basis and now_ms - old.made_ms < STALE_MS:
            self._behind.begin((month, scope), self._make(month, scope))
            return old.report
        return await self._make(month, scope)

    async def _make(self, month: str, scope: Scope) -> MonthReport:
        async with self._turn:
            now_ms, registry = self._now_ms(), self._registry()
            basis = await asyncio.to_thread(_basis, self._path, month, now_ms, registry)
            kept = self._fresh(month, scope, basis, now_ms)
            if kept is not None:
                return kept
            made, rated = await asyncio.to_thread(_made, self._path, month, scope, now_ms, registry)
            made = await self._covered(made, scope, rated)
            self._keep(month, scope, _Kept(report=made, basis=basis, made_ms=now_ms, settled=basis[1] is True))
        return made

    async def paper(self, month: str, scope: Scope = EVERYTHING, *, form: Form, lang: Lang) -> bytes:
        """Return a month as a file. Errors as of `report`; made in a thread, kept while the month stays so."""
        from camkeeper.run.papers import make  # it builds on this module

        report = await self.report(month, scope)
        key = (month, scope, form, lang)
        async with self._press:
            kept = self._papers.get(key)
            if kept is None or kept[0] is not report:
                now_ms, registry = self._now_ms(), self._registry()
                made = await asyncio.to_thread(make, self._path, report, scope, now_ms, registry, form, lang)
                kept = self._papers[key] = (report, made)
                while len(self._papers) > PAPERS:
                    self._papers.popitem(last=False)
            return kept[1]

    async def settlement(self, month: str, scope: Scope = EVERYTHING) -> Settlement | None:
        """Return the amounts of a month as `report` has it; None while they are being made. Errors as of `report`."""
        if self._bills is None:
            from camkeeper.run.settlements import Settlements  # it builds on this module

            self._bills = Settlements(
                ledger=self._path, now_ms=self._now_ms, registry=self._registry, behind=self._behind
            )
        return await self._bills.of(await self.report(month, scope), scope)

    async def versions(self, month: str) -> tuple[MonthVersion, ...]:
        """Return a month's closing and its amendments, oldest first."""
        return await asyncio.to_thread(versions_of, self._path, month, self._registry().parties)

    async def keep_warm(self) -> None:
        """Make the newest months before anybody asks, until cancelled."""
        while True:
            busy_s = 0.0
            for entry in (await self.months())[:WARM_MONTHS]:
                began_s = perf_counter()
                await self._behind.begin((entry.month, EVERYTHING), self._make(entry.month, EVERYTHING))
                took_s = perf_counter() - began_s
                busy_s += took_s
                await asyncio.sleep(WARM_REST * took_s)
            await asyncio.sleep(max(WARM_S, busy_s / WARM_SHARE))

    def close(self) -> None:
        """Let go of what is under way."""
        self._behind.close()

    async def trend(self, device_id: str, month: str, scope: Scope = EVERYTHING) -> Trend:
        """Return one device's days of a month. LookupError for one that the scope does not show."""
        return await asyncio.to_thread(_trend, self._path, device_id, month, scope, self._now_ms(), self._registry())

    async def register(self, *, before: Place | None, count: int) -> tuple[RegisterEntry, ...]:
        """Return entries of the ledger's own register, newest first."""
        return await asyncio.to_thread(_register, self._path, before, count, self._said)

    def _fresh(self, month: str, scope: Scope, basis: tuple[object, ...], now_ms: int) -> MonthReport | None:
        kept = self._kept.get((month, scope))
        if kept is None or kept.basis != basis:
            return None
        stands = kept.settled and kept.report.coverage is not None
        return kept.report if stands or now_ms - kept.made_ms < FRESH_MS else None

    def _keep(self, month: str, scope: Scope, kept: _Kept) -> None:
        self._kept[month, scope] = kept
        self._kept.move_to_end((month, scope))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _covered(self, made: MonthReport, scope: Scope, rated: Rates) -> MonthReport:
        """Return the report with what the cameras saw; who sees only one contractor's devices has no area."""
        if self._coverage is None or scope.contractor_id is not None or not made.period.length_ms:
            return replace(made, coverage=())
        found = await self._coverage.over(made.period)
        if found is None:
            return made
        return replace(made, coverage=cover_lines(*found, {site.id for site in rated.sites}))


def _months(path: Path, now_ms: int) -> tuple[MonthEntry, ...]:
    try:
        with LedgerReader(path) as reader, reader.reading() as db:
            newest, first_ms, tick_ms = reader.config_at(), reader.first_life_ms(), reader.last_tick_ms()
            if newest is None or tick_ms is None or first_ms is None:
                return ()
            tz = zone_of(newest.config)
            sealed = _sealed_months(all_closings(db))
            names = _names(first_ms, max(tick_ms, first_ms), tz)
            return tuple(MonthEntry(month=m, state=_state(sealed.get(m), month_span(m, tz), now_ms)) for m in names)
    except (LedgerError, OSError):
        return ()


def _names(first_ms: int, last_ms: int, tz: str) -> list[str]:
    """Return the local months from the newest to the oldest; at most a century of them."""
    out: list[str] = []
    at_ms = last_ms
    while len(out) < MOST_MONTHS:
        name = month_of(at_ms, tz)
        out.append(name)
        start_ms = month_span(name, tz).start_ms
        if start_ms <= first_ms:
            break
        at_ms = start_ms - 1
    return out


def _sealed_months(closings: Iterable[Closed]) -> dict[str, tuple[Closed, bool]]:
    out: dict[str, tuple[Closed, bool]] = {}
    for closed in closings:
        out[closed.month] = (closed, closed.month in out)
    return out


def _state(sealed: tuple[Closed, bool] | None, whole: Span, now_ms: int) -> MonthState:
    if sealed is not None:
        return MonthState.AMENDED if sealed[1] else MonthState.CLOSED
    return MonthState.DRAFT if now_ms >= whole.end_ms else MonthState.RUNNING


def _basis(path: Path, month: str, now_ms: int, registry: Registry) -> tuple[object, ...]:
    """Return what a report is made of. A finished month changes by a configuration, a closing, or within the hour."""
    if not path.exists():
        raise LookupError(month)
    with LedgerReader(path) as reader, reader.reading() as db:
        asked = asked_of(reader, month, now_ms)
        settled = (reader.last_tick_ms() or 0) >= asked.period.end_ms + SETTLE_MS and asked.complete
        sealed = _sealed_months(all_closings(db)).get(month)
        seq = None if sealed is None else sealed[0].seq
        return asked.complete, settled, asked.config.digest, seq, registry.digest


def asked_of(reader: LedgerReader, month: str | None, now_ms: int) -> Asked:
    """Return a month in which anything was enrolled, the newest where None; LookupError, ValueError otherwise."""
    try:
        asked = asked_month(reader, month, now_ms)
    except LedgerError:
        raise LookupError(month or "") from None
    first_ms = reader.first_life_ms()
    if first_ms is None or not asked.period.length_ms or first_ms >= asked.period.end_ms:
        raise LookupError(asked.month)
    return asked


def _made(path: Path, month: str, scope: Scope, now_ms: int, registry: Registry) -> tuple[MonthReport, Rates]:
    with LedgerReader(path) as reader, reader.reading():
        asked = asked_of(reader, month, now_ms)
        rated = rates(reader, asked, scope, registry)
        return month_report(reader, asked, scope, registry, rated), rated


def month_report(
    reader: LedgerReader, asked: Asked, scope: Scope, registry: Registry, rated: Rates | None = None
) -> MonthReport:
    """Return a month without its coverage. LookupError where the scope shows no site. `rated`: made already."""
    with reader.reading() as db:
        rated = rates(reader, asked, scope, registry) if rated is None else rated
        shown = None if scope.whole else _shown(asked, scope, registry)
        sealed = _sealed_months(all_closings(db)).get(asked.month)
        head = db.execute("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
        return MonthReport(
            month=asked.month,
            period=asked.period,
            state=_state(sealed, month_span(asked.month, asked.tz), asked.period.end_ms),
            sealed=None if sealed is None else _seal(sealed[0]),
            timezone=asked.tz,
            policy=asked.config.policies[0],
            others=rated.others,
            total=rated.total,
            sites=rated.sites,
            contractors=rated.contractors,
            causes=cause_lines(reader.incidents(period=asked.period), asked.period, shown),
            service=service_of(reader, asked.period, registry, scope, shown),
            excluded=excluded_lines(asked.config, asked.period, shown),
            coverage=None,
            seq=head[0],
            head=bytes(head[1]).hex(),
        )


def _shown(asked: Asked, scope: Scope, registry: Registry) -> frozenset[str]:
    """Return the ids of the devices, of every kind, that a scope shows."""
    devices = {device.id: device.site_id for device in asked.config.devices}
    return frozenset(cameras_within(devices, scope, asked.config, registry))


def _seal(closed: Closed) -> Sealed:
    return Sealed(seq=closed.seq, at_ms=closed.at_ms, by=closed.by, why=closed.why, figures=closed.figures)


def _trend(path: Path, device_id: str, month: str, scope: Scope, now_ms: int, registry: Registry) -> Trend:
    device = registry.device_by_id.get(device_id)
    if device is None or not path.exists():
        raise LookupError(device_id)
    with LedgerReader(path) as reader, reader.reading():
        asked = asked_of(reader, month, now_ms)
        if not cameras_within({device_id: device.site_id}, scope, asked.config, registry):
            raise LookupError(device_id)
        policy = asked.config.policies[0]
        tallies = reader.day_tallies(asked.period, (device_id,), tz=asked.tz, policy=policy, config=asked.config)
    site = asked.config.site_by_id.get(device.site_id)
    target_bp = registry.site_by_id[device.site_id].target_bp if site is None else site.target_bp
    points = tuple(TrendPoint(day=t.day, buckets=t.buckets) for t in tallies)
    return Trend(id=device_id, name=device.name, target_bp=target_bp, month=month, points=points)


def _register(path: Path, before: Place | None, count: int, said: dict[bytes, Said]) -> tuple[RegisterEntry, ...]:
    if not path.exists():
        return ()
    with LedgerReader(path) as reader, reader.reading() as db:
        return read_register(db, before=before, count=count, said=said)
