"""Is the promise kept, and how sure are we: the first thing on the first page. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.cover.amount import Measure, measure
from camboard.cover.rows import HoursRow, hours_row
from camboard.desk.words import DOMAIN
from camboard.figure import Figure, figure
from camboard.i18n import Language
from camboard.index import Index
from camboard.text import local
from camboard.why.link import why_address
from camkeeper.availability.buckets import Promise
from camkeeper.model.cover import AREA
from camkeeper.standing.coverage import CoverageStanding, SiteCover
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.past import Past


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """One month of the township."""

    month: str
    word: str
    figure: Figure
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """The sentence, the months, and what else is asked at the first glance."""

    sentence: str
    why_month: str
    """Empty: nobody can be asked for reasons."""
    why_today: str
    months: tuple[MonthLine, ...]
    """Oldest first, the present one last; empty while there is but one."""
    open_by_domain: tuple[tuple[str, int], ...]
    coverage: Measure | None
    """Of the ground, by day, of all that the reader sees."""
    covered: HoursRow | None
    """The same over this month: coverage-hours, mean and worst moment. None: not computed yet."""


def promise_view(
    index: Index,
    say: Language,
    *,
    past: Past | None,
    has_why: bool,
    desk: DeskStanding | None,
    coverage: CoverageStanding | None,
) -> PromiseView:
    """Write it for one reader."""
    standing = index.standing
    site_id, total = standing.total.id, standing.total
    zone = ZoneInfo(standing.timezone)
    today = f"{local(standing.at_ms, zone):%Y-%m-%d}"
    now = figure(total.month.buckets, total.month.target_bp, total.month.verdict, say)
    seen = _by_day(coverage, site_id)
    return PromiseView(
        sentence=sentence(now, say),
        why_month=why_address(site_id=site_id, month=today[:7]) if has_why else "",
        why_today=why_address(site_id=site_id, first_day=today) if has_why else "",
        months=_months(past, site_id, today[:7], now, say) if has_why else (),
        open_by_domain=_domains(desk, say),
        coverage=_coverage(seen, say),
        covered=_covered(seen, zone, standing.at_ms, say),
    )


def sentence(month: Figure, say: Language) -> str:
    """Say in one sentence whether the promise is kept, and how sure that is."""
    values = {"lower": month.lower, "upper": month.upper, "target": month.target}
    if month.value is None:  # bounds of 0 and 100 would read like a rate
        return say("本月至今什么也没有测得，不下结论")
    if month.verdict is Promise.MET:
        return say("本月至今达标：把不知道的时间全算离线，在线率也有 %(lower)s，目标 %(target)s", **values)
    if month.verdict is Promise.MISSED:
        return say("本月至今未达标：把不知道的时间全算在线，在线率也只到 %(upper)s，目标 %(target)s", **values)
    return say("本月至今不能下结论：真实在线率在 %(lower)s 与 %(upper)s 之间，目标 %(target)s", **values)


def _months(past: Past | None, site_id: str, month: str, now: Figure, say: Language) -> tuple[MonthLine, ...]:
    finished = () if past is None else past.months.get(site_id, ())
    if not finished:
        return ()
    lines = [
        MonthLine(
            month=rate.month,
            word=rate.month if rate.closed else say("%(month)s，未封账", month=rate.month),
            figure=figure(rate.figure, rate.target_bp, rate.figure.verdict, say),
            address=why_address(site_id=site_id, month=rate.month),
        )
        for rate in finished
    ]
    present = MonthLine(
        month=month,
        word=say("%(month)s，进行中", month=month),
        figure=now,
        address=why_address(site_id=site_id, month=month),
    )
    return (*lines, present)


def _domains(desk: DeskStanding | None, say: Language) -> tuple[tuple[str, int], ...]:
    counts = Counter(view.incident.domain.kind for view in desk.open) if desk is not None else Counter()
    return tuple((say(DOMAIN[kind]), number) for kind, number in counts.most_common())


def _by_day(coverage: CoverageStanding | None, site_id: str) -> SiteCover | None:
    sites = () if coverage is None else coverage.sites
    return next((s for s in sites if not s.night and (s.site_id == site_id or not site_id)), None)


def _coverage(site: SiteCover | None, say: Language) -> Measure | None:
    layer = next((layer for layer in site.layers if layer.layer == AREA), None) if site is not None else None
    return None if layer is None else measure(layer, say)


def _covered(site: SiteCover | None, zone: ZoneInfo, now_ms: int, say: Language) -> HoursRow | None:
    month = next((hours for hours in site.month if hours.layer == AREA), None) if site is not None else None
    return None if month is None else hours_row(say("本月"), month, zone, now_ms, say)
