"""What is behind a figure of a township, down to the records, as one value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.county.query import TownQuery, town_address, why_address
from camboard.county.rates import exact
from camboard.county.town import ROWS_A_PAGE
from camboard.i18n import Language
from camboard.text import clock_time, local, percent, plain, utc_offset
from camboard.windows.rows import KIND as WINDOW
from camboard.words import PROMISE, PROMISE_SHAPE, REASON, SHAPE, STATE, State
from camkeeper.availability.buckets import Buckets
from camkeeper.hub.view import Town
from camkeeper.model.span import Span
from camkeeper.standing.why import Stretch, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchLine:
    """One stretch of time in words."""

    device: str
    address: str | None
    start: str
    end: str
    length: str
    counted: str | None
    """What it weighs, where agreed windows leave a part out."""
    tone: str
    shape: str
    word: str
    reason: str
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyPage:
    """What `townwhy.html` writes."""

    at: str
    name: str
    about: str
    month: str
    span: str
    policy: str
    figure_value: str | None
    bounds: str | None
    verdict_tone: str
    verdict_word: str
    verdict_shape: str
    parts: tuple[tuple[str, str, str, str], ...]
    """(tone, shape, word, exact length): the five buckets."""
    whole: str
    formula: str
    windows: tuple[tuple[str, str, str, str], ...]
    """(kind, from to, reason, approver)."""
    stretches: tuple[StretchLine, ...]
    total: int
    before: str | None
    after: str | None
    head: str
    back: str
    summary: str


def why_page(town: Town, why: Why, query: TownQuery, at_ms: int, say: Language) -> WhyPage:
    """Write what is behind a figure: buckets to the millisecond, and the stretches that add up to them."""
    zone = ZoneInfo(why.timezone)
    at, net = local(at_ms, zone), why.net
    buckets = net.buckets
    pages = max(1, -(-why.stretches_total // ROWS_A_PAGE))

    def page(number: int) -> str | None:
        return None if not 1 <= number <= pages else _why_at(town, query, number)

    return WhyPage(
        at=f"{at:%Y-%m-%d %H:%M:%S} {utc_offset(at)}",
        name=plain(town.name or town.edge_id),
        about=plain(why.device_id or why.name),
        month=why.month,
        span=_span(why.period, at_ms, zone),
        policy=plain(why.policy.id),
        figure_value=percent(net.ratio),
        bounds=None if net.lower is None else f"[{percent(net.lower)}, {percent(net.upper)}]",
        verdict_tone=net.verdict.value,
        verdict_word=say(PROMISE[net.verdict]),
        verdict_shape=PROMISE_SHAPE[net.verdict],
        parts=_parts(buckets, say),
        whole=exact(buckets.period_ms),
        formula=f"{exact(buckets.up_ms)} ÷ ({exact(buckets.up_ms)} + {exact(buckets.down_ms)})",
        windows=tuple(
            (say(WINDOW[w.kind]), _span(w.span, at_ms, zone), plain(w.reason), plain(w.approver)) for w in why.windows
        ),
        stretches=tuple(_stretch(s, town, query, zone, say) for s in why.stretches),
        total=why.stretches_total,
        before=page(query.page - 1),
        after=page(query.page + 1),
        head=f"#{why.head_seq} {why.head_hash[:16]}",
        back=town_address(town.edge_id, month=query.month),
        summary=say("%(n)d 段", n=why.stretches_total),
    )


def _why_at(town: Town, query: TownQuery, number: int) -> str:
    page = number if number > 1 else None
    return why_address(town.edge_id, month=query.month, site=query.site, device=query.device, page=page)


def _parts(buckets: Buckets, say: Language) -> tuple[tuple[str, str, str, str], ...]:
    return (
        ("up", SHAPE[State.UP], say(STATE[State.UP]), exact(buckets.up_ms)),
        ("down", SHAPE[State.DOWN], say(STATE[State.DOWN]), exact(buckets.down_ms)),
        ("unknown", SHAPE[State.UNKNOWN], say(STATE[State.UNKNOWN]), exact(buckets.unknown_ms)),
        ("maintenance", SHAPE[State.MAINTENANCE], say("剔除"), exact(buckets.excluded_ms)),
        ("none", "–", say("未在用"), exact(buckets.absent_ms)),
    )


def _span(span: Span, at_ms: int, zone: ZoneInfo) -> str:
    return f"{clock_time(span.start_ms, at_ms, zone)} – {clock_time(span.end_ms, at_ms, zone)}"


def _stretch(s: Stretch, town: Town, query: TownQuery, zone: ZoneInfo, say: Language) -> StretchLine:
    state = None if s.status is None else State(s.status.value)
    start, end = local(s.span.start_ms, zone), local(s.span.end_ms, zone)
    return StretchLine(
        device=plain(s.device_id),
        address=None if query.device else why_address(town.edge_id, month=query.month, device=s.device_id),
        start=f"{start:%m-%d %H:%M:%S}",
        end=f"{end:%m-%d %H:%M:%S}",
        length=exact(s.span.length_ms),
        counted=exact(s.counted_ms) if s.excluded_ms else None,
        tone="none" if state is None else state.value,
        shape="–" if state is None else SHAPE[state],
        word=say("未在用") if state is None else say(STATE[state]),
        reason="" if s.reason is None else say(REASON[s.reason]),
        record=say("没有记录") if s.seq is None else f"#{s.seq} {s.hash[:12]}",
    )
