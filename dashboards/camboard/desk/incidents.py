"""Incidents as rows, ready to be shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from camboard.desk.query import DeskQuery
from camboard.desk.words import ORDER_STATE, cause_word, confidence_word, tone_of
from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.overview import Choice, Pager
from camboard.query import page_of
from camboard.rows import site_name
from camboard.text import clock_time, plain
from camkeeper.model.incident import Cause, DomainKind, IncidentState
from camkeeper.model.workorder import OrderState, Step
from camkeeper.standing.desk import DeadLetter, DeskStanding, IncidentView

ROWS_A_PAGE = 50
RECENT_SHOWN = 30
DEAD_SHOWN = 5
_UNANSWERED = frozenset({OrderState.OPENED, OrderState.ASSIGNED})
_WATCHED = frozenset({OrderState.REPAIRED, OrderState.VERIFIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """What is owed next, and how long is left."""

    word: str
    late: bool
    at: str
    repair: bool
    """The repair, not the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One incident."""

    id: str
    address: str
    open: bool
    tone: str
    shape: str
    cause: str
    confidence: str
    name: str
    place: str
    still: int
    total: int
    since: str
    lasting: str
    deadline: Deadline | None
    overdue: bool
    order: str
    order_state: str
    by: str
    by_at: str
    above: str
    """The incident that suppresses this one."""
    children: int
    undelivered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentList:
    """The page of incidents."""

    at: str
    summary: str
    open_count: int
    rows: tuple[IncidentRow, ...]
    pager: Pager
    recent: tuple[IncidentRow, ...]
    recent_total: int
    causes: tuple[Choice, ...]
    sites: tuple[Choice, ...]
    filtered: bool
    checked: str
    dead: tuple[tuple[str, str, str], ...]
    """(subject, channel, the platform's own words)."""
    dead_total: int
    waiting: int


def incident_list(desk: DeskStanding, index: Index, query: DeskQuery, at: str, say: Language) -> IncidentList:
    """Write the page for one reader's choice."""
    zone = ZoneInfo(index.standing.timezone)
    chosen = query.choose(index, desk.open)
    recent = query.choose(index, desk.recent)
    shown, page, pages = page_of(chosen, query.page, ROWS_A_PAGE)
    before = query.address(page=page - 1) if page > 1 else None
    after = query.address(page=page + 1) if page < pages else None
    return IncidentList(
        at=at,
        summary=say("未处理事件 %(n)d 起", n=len(desk.open)),
        open_count=len(desk.open),
        rows=tuple(row(view, index, index.standing.at_ms, zone, say) for view in shown),
        pager=Pager(page=page, pages=pages, total=len(chosen), before=before, after=after),
        recent=tuple(row(view, index, index.standing.at_ms, zone, say) for view in recent[:RECENT_SHOWN]),
        recent_total=len(recent),
        causes=_causes(desk, index, query, say),
        sites=_sites(desk, index, query, say),
        filtered=query.site is not None or query.cause is not None,
        checked=say("最近检查 %(at)s", at=clock_time(desk.checked_ms, index.standing.at_ms, zone)),
        dead=tuple(dead_words(letter) for letter in desk.dead_letters[:DEAD_SHOWN]),
        dead_total=len(desk.dead_letters),
        waiting=desk.waiting_letters,
    )


def row(view: IncidentView, index: Index, now_ms: int, zone: ZoneInfo, say: Language) -> IncidentRow:
    """Write one incident."""
    incident, order = view.incident, view.order
    is_open = incident.state is IncidentState.OPEN
    tone, shape = tone_of(incident) if is_open else ("up", "●")
    owner, since_ms = owner_of(view)
    until_ms = now_ms if is_open or incident.resolved_ms is None else incident.resolved_ms
    return IncidentRow(
        id=incident.id,
        address=address_of(incident.id),
        open=is_open,
        tone=tone,
        shape=shape,
        cause=cause_word(incident.cause, say),
        confidence=confidence_word(incident.confidence, say),
        name=name_of(view, index, say),
        place=place_of(view.site_ids, index, say),
        still=sum(m.recovered_ms is None for m in incident.members.values()),
        total=len(incident.members),
        since=clock_time(incident.began_ms, now_ms, zone),
        lasting=span_words(until_ms - incident.began_ms, say),
        deadline=deadline(view, now_ms, zone, say),
        overdue=view.overdue,
        order=order.id if order else "",
        order_state=say(ORDER_STATE[order.state]) if order else "",
        by=plain(owner),
        by_at="" if since_ms is None else clock_time(since_ms, now_ms, zone),
        above=incident.suppressed_by or "",
        children=len(view.children),
        undelivered=view.undelivered,
    )


def owner_of(view: IncidentView) -> tuple[str, int | None]:
    """Return (who has it, since when): who acknowledged it, else who accepted its order."""
    incident, order = view.incident, view.order
    if incident.acknowledged_ms is not None:
        return incident.acknowledged_by or "", incident.acknowledged_ms
    if order is None or order.cycle.accepted_ms is None:
        return "", None
    accepted = next((e for e in reversed(order.history) if e.step is Step.ACCEPTED), None)
    return ("", None) if accepted is None else (accepted.by, accepted.at_ms)


def address_of(incident_id: str) -> str:
    """Return the address of an incident's page."""
    return f"/incidents/{quote(incident_id, safe='')}"


def name_of(view: IncidentView, index: Index, say: Language) -> str:
    """Return the fault domain's name, as far as anybody knows it."""
    domain = view.incident.domain
    if domain.kind is DomainKind.SITE and domain.id in index.site_by_id:
        return site_name(index.site_by_id[domain.id], say)
    device = index.device_by_id.get(domain.id)
    return plain(view.name or (device.name if device else "") or domain.id)


def place_of(site_ids: Iterable[str], index: Index, say: Language, *, most: int = 2) -> str:
    """Return where that is: the first sites by name."""
    ids = list(site_ids)
    names = [site_name(index.site_by_id[i], say) if i in index.site_by_id else plain(i) for i in ids[:most]]
    text = " · ".join(names)
    return say("%(names)s 等 %(n)d 处", names=text, n=len(ids)) if len(ids) > most else text


def deadline(view: IncidentView, now_ms: int, zone: ZoneInfo, say: Language) -> Deadline | None:
    """Return what is owed next: the answer until somebody has given it, then the repair."""
    incident, order = view.incident, view.order
    if incident.state is not IncidentState.OPEN or (order is not None and order.state in _WATCHED):
        return None
    answered = incident.acknowledged_ms is not None if order is None else order.state not in _UNANSWERED
    respond, repair = view.respond_by_ms, view.repair_by_ms
    if not answered and respond is not None and not (repair is not None and now_ms > repair):
        return _due(say("接单"), respond, now_ms, zone, say, repair=False)
    return None if repair is None else _due(say("修复"), repair, now_ms, zone, say, repair=True)


def _due(word: str, by_ms: int, now_ms: int, zone: ZoneInfo, say: Language, *, repair: bool) -> Deadline:
    late = now_ms > by_ms
    span = span_words(abs(by_ms - now_ms), say)
    text = (
        say("%(step)s已超时 %(span)s", step=word, span=span)
        if late
        else say("%(step)s还剩 %(span)s", step=word, span=span)
    )
    return Deadline(word=text, late=late, at=say("%(at)s 前", at=clock_time(by_ms, now_ms, zone)), repair=repair)


def dead_words(letter: DeadLetter) -> tuple[str, str, str]:
    """Return (subject, channel, why) of a letter that no channel took."""
    why = " · ".join(part for part in (plain(letter.code), plain(letter.detail)) if part)
    return plain(letter.subject), plain(letter.channel_id), why


def _causes(desk: DeskStanding, index: Index, query: DeskQuery, say: Language) -> tuple[Choice, ...]:
    here = DeskQuery(site=query.site).choose(index, desk.open)
    counts = Counter(view.incident.cause for view in here)
    out = [
        Choice(word=say("不限疑因"), address=query.address(cause=None), count=len(here), selected=query.cause is None)
    ]
    out += [
        Choice(
            word=cause_word(cause, say),
            address=query.address(cause=cause),
            count=counts[cause],
            selected=query.cause is cause,
        )
        for cause in Cause
        if counts[cause] or query.cause is cause
    ]
    return tuple(out)


def _sites(desk: DeskStanding, index: Index, query: DeskQuery, say: Language) -> tuple[Choice, ...]:
    here = DeskQuery(cause=query.cause).choose(index, desk.open)
    counts = Counter(site_id for view in here for site_id in set(view.site_ids))
    ids = sorted(counts, key=lambda site_id: (-counts[site_id], site_id))[:12]
    if query.site is not None and query.site not in ids:
        ids.append(query.site)
    out = [Choice(word=say("不限地点"), address=query.address(site=None), count=len(here), selected=query.site is None)]
    out += [
        Choice(
            word=place_of((site_id,), index, say),
            address=query.address(site=site_id),
            count=len(DeskQuery(site=site_id).choose(index, here)),
            selected=query.site == site_id,
        )
        for site_id in ids
    ]
    return tuple(out)
