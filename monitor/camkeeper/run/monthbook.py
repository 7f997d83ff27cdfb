"""The whole report of a month, read from the ledger in one picture: for paper, workbook and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

from camkeeper.availability.buckets import Buckets
from camkeeper.ledger import LedgerError, LedgerReader, Snapshot
from camkeeper.ledger.closing import Closed, all_closings, closing_config, figures_digest, month_buckets
from camkeeper.ledger.snapshot import DeviceEntry
from camkeeper.model.access import EVERYTHING, Scope
from camkeeper.model.incident import Incident
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.model.workorder import WorkOrder
from camkeeper.report.settlement import Settlement, settled
from camkeeper.report.values import Book, DeviceLine, IntervalLine, Method, OrderLine, Version
from camkeeper.run.desk.briefs import excluded_of
from camkeeper.run.monthbills import bills_of, deciding_only
from camkeeper.run.monthfigures import cameras_within, contractor_of, rates
from camkeeper.run.reports import asked_of, month_report
from camkeeper.run.sla import Asked
from camkeeper.standing.report import CoverLine, MonthReport
from camkeeper.workorder.deadline import overdue
from camkeeper.workorder.figures import round_figures

_Piece = tuple[int, int, int]
"""Start and end in ms, `Status.code`: a county's month has a hundred thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which month, for whom, and as fixed by which record (None: as it stands)."""

    month: str | None = None
    scope: Scope = EVERYTHING
    version_seq: int | None = None


def registry_or_bare(registry: Registry | None) -> Registry:
    """Return the register; without one, a bare one: names are ids then, and nobody cares for anything."""
    return Registry(name="", sites=(), devices=()) if registry is None else registry


def english_names(registry: Registry) -> dict[str, str]:
    """Return the English names of sites by id; under "" that of the lowest site that holds all villages.

    A register's own name, such as a project's, has no English one.
    """
    out = {site.id: site.name_en for site in registry.sites if site.name_en}
    whole, below = None, registry.children.get(None, ())
    while len(below) == 1 and (whole is None or below[0].id in registry.children):
        whole, below = below[0], registry.children.get(below[0].id, ())
    return out | {"": whole.name_en} if whole is not None and whole.name_en else out


def read_book(
    path: Path,
    wanted: Wanted,
    *,
    now_ms: int,
    registry: Registry | None,
    coverage: tuple[CoverLine, ...] | None = None,
) -> Book:
    """Return the book of a month.

    LookupError where nothing was enrolled yet or the version is none of that month, ValueError for an unreadable
    month, LedgerError where there is nothing to read. `registry` None: the ledger alone.
    """
    if not path.exists():
        raise LedgerError("没有这个文件，监测是否启动过？ / no such file; was the monitor ever started?")
    with LedgerReader(path) as reader, reader.reading() as db:
        asked = asked_of(reader, wanted.month, now_ms)
        closings = [c for c in all_closings(db) if c.month == asked.month]
        if wanted.version_seq is not None:
            closed = next((c for c in closings if c.seq == wanted.version_seq), None)
            config = None if closed is None else closing_config(db, closed)
            if config is None:
                raise LookupError(f"{asked.month} #{wanted.version_seq}")
            asked = replace(asked, config=config)
        return _Maker(reader, asked, wanted.scope, registry_or_bare(registry)).book(
            closings, wanted.version_seq, coverage, configured=registry is not None
        )


def read_settlement(path: Path, wanted: Wanted, *, now_ms: int, registry: Registry) -> Settlement:
    """Return the amounts of a month alone: the same as `read_book` has, without what they do not hang on."""
    if not registry.deductions:
        return Settlement(bills=None)
    with LedgerReader(path) as reader, reader.reading():
        asked = asked_of(reader, wanted.month, now_ms)
        return _Maker(reader, asked, wanted.scope, registry).settlement()


class _Maker:
    """Makes one book; everything is read through one transaction of `reader`."""

    def __init__(self, reader: LedgerReader, asked: Asked, scope: Scope, registry: Registry) -> None:
        self._reader, self._asked, self._scope, self._registry = reader, asked, scope, registry
        config = asked.config
        self._read: dict[tuple[str, Span], dict[str, Buckets]] = {}
        entries: dict[str, DeviceEntry] = dict(config.device_by_id)
        lived = {life.device_id for life in reader.lives(asked.period)}
        entries |= reader.entries(lived - entries.keys())
        within = cameras_within({i: e.site_id for i, e in entries.items() if i in lived}, scope, config, registry)
        self._entries = {i: entries[i] for i in sorted(within, key=lambda i: (entries[i].site_id, i))}

    def book(
        self,
        closings: list[Closed],
        version_seq: int | None,
        coverage: tuple[CoverLine, ...] | None,
        *,
        configured: bool,
    ) -> Book:
        """Return the book."""
        asked, registry, reader = self._asked, self._registry, self._reader
        whole = rates(reader, asked, self._scope, registry)
        report = replace(month_report(reader, asked, self._scope, registry, whole), coverage=coverage)
        orders = [o for o in reader.orders().orders.values() if self._ours(o)]
        intervals = tuple(self._intervals())
        devices = tuple(self._devices(intervals))
        bills = bills_of(asked, self._scope, registry, whole=whole, devices=devices, intervals=intervals, orders=orders)
        root = next((s.name for s in asked.config.sites if s.parent_id is None), "")
        return Book(
            title=registry.name or root,
            report=report,
            method=_method(registry) if configured else None,
            judge=asked.config.judge,
            config_digest=asked.config.digest,
            devices=devices,
            incidents=tuple(self._incidents()),
            orders=tuple(self._order(o) for o in orders if self._touches(o)),
            rounds=round_figures(orders, asked.period, now_ms=asked.period.end_ms),
            intervals=intervals,
            versions=tuple(self._versions(closings, report)),
            version_seq=version_seq,
            bills=bills,
            parties=asked.config.parties,
            names_en=english_names(registry),
        )

    def settlement(self) -> Settlement:
        """Return the amounts, and the intervals that they come from."""
        asked, registry, reader = self._asked, self._registry, self._reader
        whole = rates(reader, deciding_only(asked, asked.config), self._scope, registry)
        orders = [o for o in reader.orders().orders.values() if self._ours(o)]
        intervals = tuple(self._intervals())
        devices = tuple(self._devices(intervals))
        bills = bills_of(asked, self._scope, registry, whole=whole, devices=devices, intervals=intervals, orders=orders)
        return settled(bills, intervals, {d.id: d.name for d in devices})

    def _devices(self, intervals: tuple[IntervalLine, ...]) -> Iterator[DeviceLine]:
        config, registry = self._asked.config, self._registry
        buckets = self._own_buckets()
        down: dict[str, list[int]] = {}
        for line in intervals:
            if line.status is Status.DOWN:
                down.setdefault(line.device_id, []).append(line.span.length_ms)
        names = {c.id: c.name for c in registry.contractors}
        for device_id, entry in self._entries.items():
            known, site = registry.device_by_id.get(device_id), config.site_by_id.get(entry.site_id)
            contractor_id = contractor_of(device_id, registry)
            yield DeviceLine(
                id=device_id,
                name=device_id if known is None else known.name,
                kind=entry.kind,
                site_id=entry.site_id,
                site=entry.site_id if site is None else site.name,
                contractor_id=contractor_id,
                contractor=names.get(contractor_id, contractor_id),
                net=buckets.get(device_id, Buckets()),
                outages=len(down.get(device_id, ())),
                longest_ms=max(down.get(device_id, ()), default=0),
            )

    def _own_buckets(self) -> dict[str, Buckets]:
        asked, excludes = self._asked, self._asked.config.policies[0].excludes
        if (self._reader.last_tick_ms() or 0) >= asked.period.end_ms:
            return self._buckets(asked.config, asked.period)
        excluded = asked.config.excluded(excludes, asked.period)
        return self._reader.buckets(asked.period, excluded=excluded, device_ids=self._entries)

    def _buckets(self, config: Snapshot, period: Span) -> dict[str, Buckets]:
        """Return the buckets of every device in service over what is over, read once.

        Most months are closed by the rules that they are reported by.
        """
        key = config.digest, period
        if key not in self._read:
            with self._reader.reading() as db:
                self._read[key] = month_buckets(db, config, period)
        return self._read[key]

    def _intervals(self) -> Iterator[IntervalLine]:
        """Yield what was not known to be up, and gaps of which nothing is known, numbered by device and time."""
        for number, (device_id, status, span) in enumerate(self._not_up(), 1):
            yield IntervalLine(number=number, device_id=device_id, status=status, span=span)

    def _not_up(self) -> Iterator[tuple[str, Status, Span]]:
        reader, period = self._reader, self._asked.period
        found: dict[str, list[_Piece]] = {i: [] for i in self._entries}
        for device_id, start_ms, end_ms, status in reader.interval_rows(period, self._entries):
            found[device_id].append((start_ms, end_ms, status))
        lives: dict[str, list[Span]] = {}
        for life in reader.lives(period):
            whole = Span(start_ms=life.start_ms, end_ms=period.end_ms if life.end_ms is None else life.end_ms)
            part = whole.clip(period)
            if part is not None:
                lives.setdefault(life.device_id, []).append(part)
        for device_id, known in found.items():
            pieces = [*known, *(gap for part in lives.get(device_id, ()) for gap in _gaps(part, known))]
            pieces.sort(key=itemgetter(0))
            for start_ms, end_ms, status in pieces:
                if status != Status.UP.code:
                    yield device_id, Status.from_code(status), Span(start_ms=start_ms, end_ms=end_ms)

    def _incidents(self) -> Iterator[Incident]:
        """Yield the incidents that `cause_lines` counts: people were told of them and nothing stands for them."""
        for one in self._reader.incidents(period=self._asked.period):
            told = one.opened_ms is not None and one.merged_into is None and one.suppressed_by is None
            if told and any(i in self._entries for i in one.members):
                yield one

    def _ours(self, order: WorkOrder) -> bool:
        if self._scope.contractor_id is not None and order.contractor_id != self._scope.contractor_id:
            return False
        return not order.devices or self._scope.whole or any(i in self._entries for i in order.devices)

    def _touches(self, order: WorkOrder) -> bool:
        period = self._asked.period
        return order.opened_ms < period.end_ms and (order.closed_ms is None or order.closed_ms >= period.start_ms)

    def _order(self, order: WorkOrder) -> OrderLine:
        names = {c.id: c.name for c in self._registry.contractors}
        until_ms = self._asked.period.end_ms
        return OrderLine(
            id=order.id,
            kind=order.kind,
            state=order.state,
            cause=order.subject.cause,
            contractor=names.get(order.contractor_id, order.contractor_id),
            device_ids=tuple(i for i in order.devices if self._scope.whole or i in self._entries),
            opened_ms=order.opened_ms,
            accepted_ms=order.cycle.accepted_ms,
            restored_ms=order.cycle.restored_ms,
            closed_ms=order.closed_ms,
            overdue=overdue(order, until_ms, excluded_of(order, self._registry)),
        )

    def _versions(self, closings: list[Closed], report: MonthReport) -> Iterator[Version]:
        with self._reader.reading() as db:
            for place, closed in enumerate(closings):
                config = closing_config(db, closed) or self._asked.config
                same = config.digest == self._asked.config.digest  # a county's rates take seconds: not twice
                rated = (
                    None
                    if same
                    else rates(self._reader, deciding_only(self._asked, config), self._scope, self._registry)
                )
                row = db.execute("SELECT hash FROM chain WHERE seq = ?", (closed.seq,)).fetchone()
                yield Version(
                    seq=closed.seq,
                    hash=bytes(row[0]).hex(),
                    at_ms=closed.at_ms,
                    by=closed.by,
                    why=closed.why,
                    amends=place > 0,
                    figures=closed.figures,
                    agrees=figures_digest(self._buckets(config, closed.span)) == closed.figures,
                    total=report.total if rated is None else rated.total,
                    sites=report.sites if rated is None else rated.sites,
                )


def _gaps(part: Span, known: list[_Piece]) -> Iterator[_Piece]:
    """Yield what of a life no interval covers, as unknown. `known`: by time, cut to the month."""
    at_ms, unknown = part.start_ms, Status.UNKNOWN.code
    for start_ms, end_ms, _ in known:
        if start_ms >= part.end_ms:
            break
        if start_ms > at_ms:
            yield at_ms, start_ms, unknown
        at_ms = max(at_ms, end_ms)
    if part.end_ms > at_ms:
        yield at_ms, part.end_ms, unknown


def _method(registry: Registry) -> Method:
    probe, judge = registry.probe, registry.judge
    return Method(
        every_s=probe.every_s, retry_s=probe.retry_s, confirm_down=judge.confirm_down, grace_polls=judge.grace_polls
    )
