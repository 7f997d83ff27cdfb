"""Coverage without asking the running monitor: from its ledger and the configuration, now, then, or over a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from camkeeper.availability.days import day_span, local_date, month_of, month_span
from camkeeper.cover.sight import State
from camkeeper.cover.township import TownshipCover
from camkeeper.ledger import LedgerError, LedgerReader
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.run.coverage.hours import hours_within, passed, states_at, states_now
from camkeeper.run.coverage.obstacles import obstacles_of
from camkeeper.standing.build import timezone_of
from camkeeper.standing.coverage import CoverageStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A township's coverage at one instant, with the hours of its local day and month up to then."""

    cover: TownshipCover
    states: Mapping[str, State]
    standing: CoverageStanding
    month: str
    period: Span
    """What of the month has passed."""
    complete: bool
    """Whether that is the whole month."""
    silent_s: int | None
    """How long no monitor has been writing; None: it is."""


def coverage_of(
    path: Path, registry: Registry, *, wall_ms: int, silent_ms: int, at_ms: int | None = None, month: str | None = None
) -> Found:
    """Return the coverage at `at_ms`, at the end of `month` ("2026-10"), or now, by today's cameras and obstacles.

    Now is the last tick; where that is more than `silent_ms` ago nobody is looking, and every camera is unknown.
    LedgerError where there is nothing to read, ValueError for an unreadable month.
    """
    if not path.exists():
        raise LedgerError("没有这个文件，监测是否启动过？ / no such file; was the monitor ever started?")
    cover = _built(registry)
    tz = timezone_of(registry)
    with LedgerReader(path) as reader, reader.reading():
        tick_ms = reader.last_tick_ms()
        if tick_ms is None:
            raise LedgerError("账本还是空的 / the ledger is still empty")
        silent = wall_ms - tick_ms > silent_ms
        now_ms = wall_ms if silent else tick_ms
        whole = None if month is None else month_span(month, tz)
        then_ms = at_ms if whole is None else max(whole.start_ms, min(whole.end_ms, now_ms) - 1)
        if then_ms is None or (then_ms >= now_ms - 1 and at_ms is None):
            then_ms, states = now_ms, {} if silent else states_now(reader)
        else:
            states = states_at(reader, then_ms)
        named = month or month_of(then_ms, tz)
        whole = month_span(named, tz)
        until_ms = min(now_ms, whole.end_ms) if month is not None else then_ms
        period = passed(reader, whole, until_ms)
        today = passed(reader, day_span(local_date(then_ms, tz), tz), until_ms)
        hours = hours_within(reader, cover, today, period)
    return Found(
        cover=cover,
        states=states,
        standing=cover.standing(states, at_ms=then_ms, hours=hours),
        month=named,
        period=period,
        complete=period.end_ms == whole.end_ms,
        silent_s=(wall_ms - tick_ms) // 1000 if silent else None,
    )


def _built(registry: Registry) -> TownshipCover:
    obstacles, told = obstacles_of(registry)
    return TownshipCover.build(registry, obstacles, warnings=told)
