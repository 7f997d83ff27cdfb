"""Long history from its two sources, and put together. Reading is blocking; `together` is pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.daily import DaySum
from camkeeper.availability.days import day_span, local_date, month_of, month_span
from camkeeper.availability.figures import Figure, figure
from camkeeper.ledger import LedgerReader, Snapshot
from camkeeper.ledger.configs import zone_of
from camkeeper.mirror.beats import beat_days
from camkeeper.mirror.read import DayFigure, device_days, site_days
from camkeeper.mirror.server import Server
from camkeeper.model.mirror import BeatDay, InfluxSetting
from camkeeper.run.sla import Asked, asked_month, cameras_of, subtree
from camkeeper.standing.history import (
    MONTHS_A_PAGE,
    History,
    HistoryAsk,
    HistoryDay,
    HistoryMonth,
    Source,
    Trouble,
)

OLDEST = "2000-01"
"""Nobody's cameras were watched before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPart:
    """What the ledger says."""

    tz: str
    names: tuple[str, ...]
    """Months of the page, newest first, whether there is anything of them or not."""
    first_ms: int | None
    """From when on it is the record; None: it is empty."""
    days: Mapping[str, tuple[DaySum, ...]] = field(default_factory=dict)
    """Month -> its local days, those without any time in service left out."""
    figures: Mapping[str, Figure] = field(default_factory=dict)
    """Month -> what the deciding rule makes of it."""

    def rules(self, month: str) -> bool:
        """Return whether the ledger has any time of a month: then no other word counts."""
        return self.first_ms is not None and month >= month_of(self.first_ms, self.tz)

    def rule(self, month: str) -> str:
        """Return the `name/version` of the rule that decides a month; empty where the ledger doesn't."""
        return self.figures[month].policy_id if month in self.figures else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorPart:
    """What the mirror has."""

    days: Mapping[str, tuple[DayFigure, ...]] = field(default_factory=dict)
    beats: tuple[BeatDay, ...] = ()
    trouble: Trouble = Trouble.NONE
    detail: str = ""


def page_of(before: str, newest: str) -> tuple[str, ...]:
    """Return the months of a page, newest first. ValueError for an unreadable month.

    >>> page_of("", "2026-02")[:3]
    ('2026-02', '2026-01', '2025-12')
    """
    if before:
        month_span(before, "UTC")
    year, month = (int(part) for part in (before or newest).split("-"))
    at = year * 12 + month - 1 - bool(before)
    names = (f"{n // 12:04}-{n % 12 + 1:02}" for n in range(at, at - MONTHS_A_PAGE, -1))
    return tuple(name for name in names if name >= OLDEST)


def ledger_part(path: Path, ask: HistoryAsk, *, now_ms: int, tz: str) -> LedgerPart:
    """Read the ledger's months of the page; `tz` where it has no configuration. ValueError for an unreadable month."""
    if not path.exists():
        return LedgerPart(tz=tz, names=page_of(ask.before, month_of(now_ms, tz)), first_ms=None)
    with LedgerReader(path) as reader, reader.reading():
        newest, tick_ms, lives = reader.config_at(), reader.last_tick_ms(), reader.lives()
        if newest is None or tick_ms is None or not lives:
            return LedgerPart(tz=tz, names=page_of(ask.before, month_of(now_ms, tz)), first_ms=None)
        tz = zone_of(newest.config)
        names = page_of(ask.before, month_of(now_ms, tz))
        part = LedgerPart(tz=tz, names=names, first_ms=min(life.start_ms for life in lives))
        days, figures = {}, {}
        for name in names:
            if part.rules(name):
                days[name], figures[name] = _month_of(reader, ask, asked_month(reader, name, now_ms))
        return replace(part, days=days, figures=figures)


def _month_of(reader: LedgerReader, ask: HistoryAsk, asked: Asked) -> tuple[tuple[DaySum, ...], Figure]:
    policy = asked.config.policies[0]
    groups = dict.fromkeys(_cameras(reader, ask, asked), "")
    found: Mapping[str, tuple[DaySum, ...]] = {}
    if groups and asked.period.length_ms:
        found = reader.day_sums(asked.period, groups, tz=asked.tz, policy=policy, config=asked.config)
    days = tuple(day for day in found.get("", ()) if served(day.buckets))
    return days, figure(policy, days, target_bp=_target_bp(ask, asked.config))


def _cameras(reader: LedgerReader, ask: HistoryAsk, asked: Asked) -> Iterable[str]:
    if ask.device_id:
        return (ask.device_id,)
    if ask.site_id not in asked.config.site_by_id:
        return ()
    below = {site.id for site in subtree(asked.config, ask.site_id)}
    return (device for device, site in cameras_of(reader, asked).items() if site in below)


def _target_bp(ask: HistoryAsk, config: Snapshot) -> int:
    """Return the target of the site, or of the device's; once it is gone, the town's."""
    device = config.device_by_id.get(ask.device_id)
    site = config.site_by_id.get(device.site_id if device is not None else ask.site_id)
    return config.sites[0].target_bp if site is None else site.target_bp


def served(buckets: Buckets) -> bool:
    """Return whether anything was in service."""
    return buckets.accountable_ms + buckets.excluded_ms > 0


def mirror_months(
    server: Server, setting: InfluxSetting, ask: HistoryAsk, months: Iterable[str], tz: str, on: Callable[[], bool]
) -> Iterator[tuple[str, tuple[DayFigure, ...]]]:
    """Yield the mirror's days of months, newest first, while `on` says so. AwayError or RefusedError."""
    read = device_days if ask.device_id else site_days
    for month in sorted(months, reverse=True):
        if not on():
            return
        yield month, read(server, setting, ask.device_id or ask.site_id, month_span(month, tz))


def mirror_beats(
    server: Server, setting: InfluxSetting, ask: HistoryAsk, month: str, tz: str, on: Callable[[], bool]
) -> tuple[BeatDay, ...]:
    """Read a device's heartbeats of a month, day by day. AwayError or RefusedError."""
    return tuple(beat_days(server, setting, ask.device_id, month_span(month, tz), tz, on=on))


def together(ask: HistoryAsk, ledger: LedgerPart, mirror: MirrorPart, *, month: str, url: str) -> History:
    """Return what is shown: of a month that the ledger has any time of, the ledger's word alone."""
    months = [made for name in ledger.names if (made := _month(name, ledger, mirror)) is not None]
    shown = month if month in ledger.names else ""
    return History(
        ask=ask,
        months=tuple(months),
        month=shown,
        days=_shown_days(shown, ledger, mirror) if shown else (),
        older=ledger.names[-1] if _has_older(ledger, mirror) else "",
        trouble=mirror.trouble,
        detail=mirror.detail,
        url=url,
    )


def _has_older(ledger: LedgerPart, mirror: MirrorPart) -> bool:
    if not ledger.names or ledger.names[-1] <= OLDEST:
        return False
    last = ledger.names[-1]
    return (ledger.rules(last) and ledger.first_ms is not None and month_of(ledger.first_ms, ledger.tz) < last) or bool(
        mirror.days.get(last)
    )


def _month(name: str, ledger: LedgerPart, mirror: MirrorPart) -> HistoryMonth | None:
    told = one_a_day(mirror.days.get(name, ()), ledger.rule(name))
    if ledger.rules(name):
        own = ledger.days.get(name, ())
        if not own:
            return None
        return HistoryMonth(
            month=name,
            buckets=sum((day.buckets for day in own), Buckets()),
            days=len(own),
            source=Source.LEDGER,
            policy=ledger.rule(name),
            figure=ledger.figures[name],
            agrees=agrees(own, told, ledger.rule(name), ledger.tz),
        )
    if not told:
        return None
    return HistoryMonth(
        month=name,
        buckets=sum((day.buckets for day in told), Buckets()),
        days=len(told),
        source=Source.MIRROR,
        policy=", ".join(sorted({day.policy for day in told})),
    )


def one_a_day(days: Iterable[DayFigure], policy: str) -> tuple[DayFigure, ...]:
    """Return one word for each day: where a day was written under two rules, the named one, or else the last by name.

    What was written under a former rule stays in the mirror beside the new one.
    """
    out: dict[int, DayFigure] = {}
    for day in days:
        before = out.get(day.start_ms)
        if before is None or (day.policy == policy, day.policy) > (before.policy == policy, before.policy):
            out[day.start_ms] = day
    return tuple(out[at_ms] for at_ms in sorted(out))


def agrees(own: Sequence[DaySum], told: Sequence[DayFigure], policy: str, tz: str) -> bool | None:
    """Return whether both say the same of each day that both have under one rule; None where there is no such day."""
    known = {day.day: day.buckets for day in own}
    pairs = [
        (known[day], _five(one.buckets))
        for one in told
        if one.policy == policy and (day := local_date(one.start_ms, tz)) in known
    ]
    return all(_five(ours) == theirs for ours, theirs in pairs) if pairs else None


def _five(b: Buckets) -> tuple[int, ...]:
    return b.up_ms, b.degraded_ms, b.down_ms, b.unknown_ms, b.excluded_ms


def _shown_days(month: str, ledger: LedgerPart, mirror: MirrorPart) -> tuple[HistoryDay, ...]:
    beats = {one.day: one for one in mirror.beats}
    own: dict[date, HistoryDay] = {
        one.day: HistoryDay(day=one.day, buckets=one.buckets, source=Source.LEDGER, beats=beats.get(one.day))
        for one in ledger.days.get(month, ())
    }
    for one in one_a_day(mirror.days.get(month, ()), ledger.rule(month)):
        day = local_date(one.start_ms, ledger.tz)
        before = ledger.first_ms is None or day_span(day, ledger.tz).end_ms <= ledger.first_ms
        if day not in own and before:
            own[day] = HistoryDay(day=day, buckets=one.buckets, source=Source.MIRROR, beats=beats.get(day))
    return tuple(own[day] for day in sorted(own))
