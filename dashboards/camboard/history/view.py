"""A long history in words: months and days, each with its source. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.figure import Figure, figure
from camboard.history.way import history_address
from camboard.i18n import Language, span_words
from camboard.text import local, percent, plain
from camboard.words import mark
from camkeeper.availability.buckets import Buckets, Promise
from camkeeper.model.mirror import BeatDay, MirrorStanding
from camkeeper.standing.history import History, HistoryDay, HistoryMonth, Source, Trouble

SOURCE = {Source.LEDGER: mark("账本"), Source.MIRROR: mark("InfluxDB 镜像")}
TROUBLE = {
    Trouble.NOT_CONFIGURED: mark("没有配置 InfluxDB：这里只有账本的记录"),
    Trouble.AWAY: mark("InfluxDB 不在：先看账本的记录，恢复后自动再读"),
    Trouble.REFUSED: mark("InfluxDB 拒绝了查询：这里只有账本的记录"),
    Trouble.SLOW: mark("InfluxDB 太慢，没有读完：稍后再打开就有"),
    Trouble.BUSY: mark("正在读别的记录，InfluxDB 这次没有问：稍后再打开"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """One month."""

    month: str
    address: str
    selected: bool
    figure: Figure
    """Its verdict is told only of the ledger's."""
    good: str | None
    known: str | None
    unknown: str
    """As a span; empty: none."""
    days: int
    source: str
    is_ledger: bool
    policy: str
    agreement: str
    """Whether the mirror says the same; empty: not compared."""
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One day."""

    day: str
    rate: str | None
    bounds: str | None
    good: str | None
    unknown: str
    source: str
    is_ledger: bool
    beats: tuple[tuple[str, str], ...]
    """(what, value), in the order of the headings; an empty value: not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """The whole page."""

    name: str
    is_device: bool
    months: tuple[MonthRow, ...]
    month: str
    days: tuple[DayRow, ...]
    has_beats: bool
    beats: tuple[str, ...]
    """Headings of what only the mirror has."""
    older: str
    newest: str
    """Address of the newest months; empty where these are."""
    trouble: str
    detail: str
    url: str
    mirror: str
    """How far the mirror is; empty: nobody tells."""
    mixed: bool
    """Whether anything shown is the mirror's."""


def history_page(
    found: History, name: str, target_bp: int, mirror: MirrorStanding | None, tz: str, say: Language
) -> HistoryPage:
    """Write it for one reader."""
    ask = found.ask
    days = tuple(_day(one, say) for one in found.days)

    def at(*, before: str = "", month: str = "") -> str:
        return history_address(site_id=ask.site_id, device_id=ask.device_id, before=before, month=month)

    months = tuple(
        _month(one, at(before=ask.before, month=one.month), one.month == found.month, target_bp, say)
        for one in found.months
    )
    return HistoryPage(
        name=plain(name),
        is_device=bool(ask.device_id),
        months=months,
        month=found.month,
        days=days,
        beats=tuple(say(word) for word in BEATS),
        has_beats=any(one.beats is not None for one in found.days),
        older=at(before=found.older) if found.older else "",
        newest=at() if ask.before else "",
        trouble="" if found.trouble is Trouble.NONE else say(TROUBLE[found.trouble]),
        detail=plain(found.detail, limit=200),
        url=plain(found.url),
        mirror="" if mirror is None else mirror_words(mirror, tz, say),
        mixed=Source.MIRROR in {*(m.source for m in found.months), *(d.source for d in found.days)},
    )


def mirror_words(now: MirrorStanding, tz: str, say: Language) -> str:
    """Return how far the mirror is behind."""
    missing = now.behind
    if missing.since_ms is None:
        return say("镜像已与账本同步")
    since = f"{local(missing.since_ms, ZoneInfo(tz)):%Y-%m-%d %H:%M}"
    return say(
        "镜像尚缺 %(records)d 条记录、%(hours)d 小时，自 %(since)s 起",
        records=missing.records,
        hours=missing.hours,
        since=since,
    )


def _month(one: HistoryMonth, address: str, selected: bool, target_bp: int, say: Language) -> MonthRow:  # noqa: FBT001
    rated = one.buckets if one.figure is None else one.figure
    verdict = Promise.UNDETERMINED if one.figure is None else one.figure.verdict
    agreement = {None: "", True: say("镜像一致"), False: say("镜像不同，以账本为准")}[one.agrees]
    return MonthRow(
        month=one.month,
        address=f"{address}#days",
        selected=selected,
        figure=figure(rated, target_bp, verdict, say),
        good=percent(one.buckets.good_ratio),
        known=percent(one.buckets.completeness),
        unknown=_unknown(one.buckets, say),
        days=one.days,
        source=say(SOURCE[one.source]),
        is_ledger=one.source is Source.LEDGER,
        policy=plain(one.policy),
        agreement=agreement,
        agrees=one.agrees is not False,
    )


def _day(one: HistoryDay, say: Language) -> DayRow:
    b, beats = one.buckets, one.beats
    low, high = percent(b.lower), percent(b.upper)
    return DayRow(
        day=f"{one.day:%m-%d}",
        rate=percent(b.ratio),
        bounds=f"[{low}, {high}]" if low and high else None,
        good=percent(b.good_ratio),
        unknown=_unknown(b, say),
        source=say(SOURCE[one.source]),
        is_ledger=one.source is Source.LEDGER,
        beats=tuple((say(word), write(beats) if beats is not None else "") for word, write in BEATS.items()),
    )


def _latency(beats: BeatDay) -> str:
    if beats.p50_ms is None or beats.p95_ms is None:
        return ""
    return f"{beats.p50_ms:.1f} / {beats.p95_ms:.1f} ms"


def _offset(beats: BeatDay) -> str:
    return "" if beats.clock_offset_s is None else f"{beats.clock_offset_s:+.1f} s"


def _sharpness(beats: BeatDay) -> str:
    return "" if beats.sharpness is None else f"{beats.sharpness:+.2f}"


BEATS: dict[str, Callable[[BeatDay], str]] = {
    mark("时延 中位 / p95"): _latency,
    mark("时钟偏差"): _offset,
    mark("清晰度"): _sharpness,
}


def _unknown(b: Buckets, say: Language) -> str:
    return span_words(b.unknown_ms, say) if b.unknown_ms else ""
