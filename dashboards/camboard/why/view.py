"""Why a figure is what it is, as one value: everything that the template writes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.device.way import device_address
from camboard.figure import Figure, figure
from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.overview import Pager
from camboard.picture.goodrate import Good, good
from camboard.rows import site_name
from camboard.text import local, percent, plain, utc_offset
from camboard.why.buckets import ABSENT, Bucket, Sum, bucket_lines, long_span, sums
from camboard.why.link import why_address
from camboard.why.query import WhyQuery
from camboard.why.words import KIND, rule_lines
from camboard.words import KIND as DEVICE_KIND
from camboard.words import REASON, SHAPE, STATE, State
from camkeeper.model.policy import Rule
from camkeeper.model.status import Status
from camkeeper.standing.why import Part, Stretch, Why

_HASH_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """One camera of a site."""

    id: str
    name: str
    site: str
    address: str
    why: str
    rate: str | None
    good: str | None
    down: str
    unknown: str
    excluded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchRow:
    """One stretch of time."""

    key: str
    name: str
    address: str
    word: str
    shape: str
    tone: str
    start: str
    end: str
    cut: bool
    """It began before the period."""
    open: bool
    """It goes on."""
    length: str
    ms: str
    excluded: str
    cause: str
    decided: str
    seq: str
    hash: str
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyPage:
    """The page."""

    at: str
    title: str
    kind: str
    site: str
    site_address: str
    device_address: str
    period: str
    month: str
    state: str
    figure: Figure
    gross: Figure
    gross_differs: bool
    good: Good
    rules: tuple[tuple[str, str], ...]
    sums: tuple[Sum, ...]
    by_time: bool
    buckets: tuple[Bucket, ...]
    total_ms: str
    total_span: str
    of: str
    parts: tuple[PartRow, ...]
    part_pager: Pager
    stretches: tuple[StretchRow, ...]
    stretch_pager: Pager
    windows: tuple[tuple[str, str, str, str], ...]
    """(word, from, to, reason)."""
    windows_total: int
    samples: tuple[tuple[str, str, str, str, str], ...]
    """(at, tone, shape, word, reason)."""
    samples_from: str
    head: str
    head_hash: str
    csv: str
    parts_csv: str
    command: str
    months: tuple[tuple[str, str], ...]
    """(word, address) of neighbouring months."""


def why_page(found: Why, query: WhyQuery, index: Index, say: Language, *, rows_a_page: int) -> WhyPage:
    """Write one answer for one reader."""
    zone = ZoneInfo(found.timezone)
    device = index.device_by_id.get(found.device_id)
    site = index.site_by_id.get(found.site_id)
    place = site_name(site, say) if site else plain(found.name or found.site_id)
    name = plain(device.name if device else found.device_id) if found.device_id else place
    net = found.net.buckets
    whole_site = found.site_id if not found.device_id else ""
    return WhyPage(
        at=_instant(index.standing.at_ms, zone),
        title=name,
        kind=_kind(found, index, say),
        site=place if found.device_id else "",
        site_address=why_address(
            site_id=found.site_id, month=query.month, first_day=query.first_day, last_day=query.last_day
        ),
        device_address=device_address(found.device_id) if device else "",
        period=f"{_instant(found.period.start_ms, zone)} – {_instant(found.period.end_ms, zone)}",
        month=found.month,
        state=_state(found, say),
        figure=figure(found.net, found.target_bp, found.net.verdict, say),
        gross=figure(found.gross, found.target_bp, found.gross.verdict, say),
        gross_differs=found.gross.buckets != net,
        good=good(net, say),
        rules=tuple(rule_lines(found.policy, found.judge, found.judge_id, found.timezone, say)),
        sums=tuple(sums(net, say)),
        by_time=found.policy.rule is Rule.TIME_WEIGHTED,
        buckets=tuple(bucket_lines(net, say)),
        total_ms=f"{net.period_ms:,}",
        total_span=long_span(net.period_ms, say),
        of=say("%(n)d 台 × %(ms)s 毫秒", n=found.parts_total, ms=f"{found.period.length_ms:,}"),
        parts=tuple(_part(part, query, index, say) for part in found.parts) if whole_site else (),
        part_pager=_pager(found.parts_total, query.cameras, rows_a_page, lambda page: query.address(cameras=page)),
        stretches=tuple(_stretch(each, found, index, zone, say) for each in found.stretches),
        stretch_pager=_pager(found.stretches_total, query.page, rows_a_page, lambda page: query.address(page=page)),
        windows=tuple(
            (say(KIND[w.kind]), _instant(w.span.start_ms, zone), _instant(w.span.end_ms, zone), plain(w.reason))
            for w in found.windows
        ),
        windows_total=found.windows_total,
        samples=tuple(
            (
                _instant(s.at_ms, zone),
                State(s.status.value).value,
                SHAPE[State(s.status.value)],
                say(STATE[State(s.status.value)]),
                say(REASON[s.reason]),
            )
            for s in found.samples
        ),
        samples_from=_instant(found.samples_from_ms, zone) if found.samples_from_ms is not None else "",
        head=str(found.head_seq),
        head_hash=found.head_hash,
        csv=query.address("/why.csv"),
        parts_csv=query.address("/why/cameras.csv") if whole_site else "",
        command=_command(found),
        months=_months(found, query),
    )


def _instant(at_ms: int, zone: ZoneInfo) -> str:
    return f"{local(at_ms, zone):%Y-%m-%d %H:%M:%S}"


def _kind(found: Why, index: Index, say: Language) -> str:
    device = index.device_by_id.get(found.device_id)
    if device is not None:
        return f"{say(DEVICE_KIND[device.kind])} · {plain(device.id)}"
    return plain(found.device_id) if found.device_id else say("%(n)d 台摄像机之和", n=found.parts_total)


def _state(found: Why, say: Language) -> str:
    if found.closed:
        return say("已封账（%(by)s）：改动须有署名的更正", by=plain(found.closed))
    return say("整个时段已过，尚未封账") if found.complete else say("尚未结束：截至 %(at)s", at=_zoned(found))


def _zoned(found: Why) -> str:
    at = local(found.period.end_ms, ZoneInfo(found.timezone))
    return f"{at:%Y-%m-%d %H:%M:%S} {utc_offset(at)}"


def _part(part: Part, query: WhyQuery, index: Index, say: Language) -> PartRow:
    device = index.device_by_id.get(part.device_id)
    site = index.site_by_id.get(part.site_id)
    own = part.buckets
    return PartRow(
        id=plain(part.device_id),
        name=plain(device.name) if device else say("%(id)s（已退出）", id=plain(part.device_id)),
        site=site_name(site, say) if site else plain(part.site_id),
        address=device_address(part.device_id) if device else "",
        why=why_address(
            device_id=part.device_id, month=query.month, first_day=query.first_day, last_day=query.last_day
        ),
        rate=percent(own.ratio),
        good=percent(own.good_ratio),
        down=long_span(own.down_ms, say) if own.down_ms else "–",
        unknown=long_span(own.unknown_ms, say) if own.unknown_ms else "–",
        excluded=long_span(own.excluded_ms, say) if own.excluded_ms else "–",
    )


def _stretch(each: Stretch, found: Why, index: Index, zone: ZoneInfo, say: Language) -> StretchRow:
    state = None if each.status is None else State(each.status.value)
    device = index.device_by_id.get(each.device_id)
    cut = each.began_ms is not None and each.began_ms < each.span.start_ms
    late_ms = 0 if each.decided_ms is None or each.began_ms is None else each.decided_ms - each.began_ms
    return StretchRow(
        key=f"{each.device_id}-{each.span.start_ms}",
        name=plain(device.name if device else each.device_id),
        address=device_address(each.device_id) if device else "",
        word=say(ABSENT) if state is None else say(STATE[state]),
        shape="–" if state is None else SHAPE[state],
        tone="none" if state is None else state.value,
        start=_instant(each.began_ms if cut and each.began_ms is not None else each.span.start_ms, zone),
        end=_instant(each.span.end_ms, zone),
        cut=cut,
        open=not found.complete and each.span.end_ms == found.period.end_ms,
        length=span_words(each.span.length_ms, say),
        ms=f"{each.span.length_ms:,}",
        excluded=span_words(each.excluded_ms, say) if each.excluded_ms else "",
        cause=_cause(each, say),
        decided=say("%(span)s后确认", span=span_words(late_ms, say)) if late_ms else "",
        seq="" if each.seq is None else str(each.seq),
        hash=each.hash,
        short=each.hash[:_HASH_SHOWN],
    )


def _cause(each: Stretch, say: Language) -> str:
    if each.reason is not None:
        return say(REASON[each.reason])
    return say("没有探测记录") if each.status is Status.UNKNOWN else "–"


def _pager(total: int, page: int, size: int, address: Callable[[int], str]) -> Pager:
    pages = max(1, -(-total // size))
    return Pager(
        page=page,
        pages=pages,
        total=total,
        before=address(page - 1) if 1 < page <= pages else None,
        after=address(page + 1) if page < pages else None,
    )


def _command(found: Why) -> str:
    """Return the command that computes the same figure from a copy of the ledger; empty where it has none."""
    if found.device_id or not found.month or not found.site_id.replace("-", "").replace("_", "").isalnum():
        return ""
    return f"camkeeper sla --month {found.month} --site {found.site_id} --policy {found.policy.id} --json"


def _months(found: Why, query: WhyQuery) -> tuple[tuple[str, str], ...]:
    if not found.month:
        return ()
    year, month = int(found.month[:4]), int(found.month[5:])
    before = f"{year - (month == 1)}-{(month - 2) % 12 + 1:02d}"
    after = f"{year + (month == 12)}-{month % 12 + 1:02d}"
    out = ((f"‹ {before}", query.address(month=before)),)
    return (*out, (f"{after} ›", query.address(month=after))) if found.complete else out
