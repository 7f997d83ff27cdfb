"""Thirty days of every device and the last months of every site, from the ledger: in a thread, now and then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from camkeeper.availability.days import local_date, month_of, month_span
from camkeeper.availability.figures import figure
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.evidence import Piece, filled, lives_of, pieces
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.sla import asked_month, cameras_of, net_and_gross
from camkeeper.standing.past import CELL_MS, CELLS, MonthRate, Past

MONTHS = 5
"""Finished ones; with the present month these are six."""
_MILDEST_FIRST = {
    code: rank
    for rank, code in enumerate((Status.UP.code, Status.DEGRADED.code, Status.UNKNOWN.code, Status.DOWN.code))
}


@dataclass(slots=True)
class PastReader:
    """Reads the past; finished months are computed once a day, closed ones once."""

    path: Path
    _months: dict[tuple[str, str], dict[str, MonthRate]] = field(default_factory=dict)

    def read(self, at_ms: int, tz: str) -> Past:
        """Read one consistent picture; opens the ledger for the time of the call, in any thread."""
        first = at_ms // CELL_MS - CELLS + 1
        period = Span(start_ms=first * CELL_MS, end_ms=at_ms)
        with LedgerReader(self.path) as reader, reader.reading() as db:
            lives = lives_of(reader.lives(period), period)
            known = pieces(db, period, lives.keys(), reader.last_tick_ms() or 0)
            return Past(
                at_ms=at_ms,
                first_cell=first,
                cells={i: painted(filled(own, known.get(i, ()), period), first) for i, own in lives.items()},
                months=self._by_site(reader, at_ms, tz),
            )

    def _by_site(self, reader: LedgerReader, at_ms: int, tz: str) -> dict[str, tuple[MonthRate, ...]]:
        newest = reader.config_at()
        if newest is None:
            return {}
        closed = reader.closed()
        fresh: dict[tuple[str, str], dict[str, MonthRate]] = {}
        out: dict[str, list[MonthRate]] = {}
        for month in months_before(at_ms, tz):
            # A month that isn't closed yet may still change: by a late record, by a window agreed on afterwards.
            own = closed.get(month)
            basis = str(own.seq) if own is not None else f"{newest.config.digest} {local_date(at_ms, tz)}"
            rates = self._months.get((month, basis))
            fresh[month, basis] = _month(reader, month, at_ms) if rates is None else rates
            for site_id, rate in fresh[month, basis].items():
                out.setdefault(site_id, []).append(rate)
        self._months = fresh
        return {site_id: tuple(rates) for site_id, rates in out.items()}


def painted(known: Iterable[Piece], first: int) -> bytes:
    """Return the worst status of each cell from number `first` on."""
    out = bytearray(CELLS)
    for start_ms, end_ms, status, _ in sorted(
        (p for p in known if p.status), key=lambda piece: _MILDEST_FIRST[piece.status]
    ):
        begin, stop = start_ms // CELL_MS - first, (end_ms - 1) // CELL_MS - first + 1
        out[begin:stop] = bytes([status]) * (stop - begin)
    return bytes(out)


def months_before(at_ms: int, tz: str) -> Sequence[str]:
    """Return the finished months, oldest first."""
    out: list[str] = []
    start_ms = month_span(month_of(at_ms, tz), tz).start_ms
    for _ in range(MONTHS):
        out.append(month_of(start_ms - 1, tz))
        start_ms = month_span(out[-1], tz).start_ms
    return out[::-1]


def _month(reader: LedgerReader, month: str, now_ms: int) -> dict[str, MonthRate]:
    asked = asked_month(reader, month, now_ms)
    if not reader.lives(asked.period):
        return {}
    policy = asked.config.policies[0]
    net, _ = net_and_gross(reader, asked, cameras_of(reader, asked), (policy,))[policy.id]
    closed = month in reader.closed()
    made = {
        site.id: MonthRate(
            month=month,
            figure=figure(policy, net[site.id], target_bp=site.target_bp),
            target_bp=site.target_bp,
            closed=closed,
        )
        for site in asked.config.sites
    }
    return {site_id: rate for site_id, rate in made.items() if rate.figure.buckets.accountable_ms}
