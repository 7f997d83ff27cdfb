"""Which letter is due: a question of the local calendar alone, so that a restart gives the same answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

from camkeeper.availability.days import day_span, local_date, local_ms
from camkeeper.model.digest import DigestKind, DigestRule
from camkeeper.model.span import Span

_LATEST_MS = {DigestKind.DAY: 12 * 3_600_000, DigestKind.WEEK: 72 * 3_600_000}
"""How late a letter still goes, where the monitor was off when it was due: later it is no news."""
_DAYS = {DigestKind.DAY: 1, DigestKind.WEEK: 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One letter of the calendar."""

    kind: DigestKind
    key: str
    """`daily-2026-11-21` by the day that it sums up, `weekly-2026-W47` by the week in which it goes."""
    due_ms: int
    first: date
    last: date
    """Local days, both included."""
    period: Span
    before: Span
    """The same number of days before them: what coverage is held against."""

    def letter_id(self, channel_id: str) -> str:
        """Return the one id that this letter has for one addressee, whoever asks and however often."""
        return f"{self.key}/{channel_id}"


def newest_due(rule: DigestRule, tz: str, now_ms: int, *, settle_ms: int) -> Due | None:
    """Return the newest letter that is due at `now_ms`; None where the next is to be waited for.

    None too where it is so late that it's no news, and for a day that the zone left out. `settle_ms`: how long after
    its end a day may still change; no letter goes sooner.
    """
    today = local_date(now_ms, tz)
    for back in range(8):
        day = today - timedelta(days=back)
        if rule.kind is DigestKind.WEEK and day.weekday() != rule.weekday:
            continue
        found = due_on(rule, tz, day, settle_ms=settle_ms)
        if found is not None and found.due_ms <= now_ms:
            return found if now_ms - found.due_ms <= _LATEST_MS[rule.kind] else None
    return None


def due_on(rule: DigestRule, tz: str, day: date, *, settle_ms: int = 0) -> Due | None:
    """Return the letter that goes on a local day; None where the time that it sums up is empty."""
    length = timedelta(days=_DAYS[rule.kind])
    first, last = day - length, day - timedelta(days=1)
    period = Span(start_ms=day_span(first, tz).start_ms, end_ms=day_span(last, tz).end_ms)
    if not period.length_ms:
        return None
    at_ms = local_ms(day, time(rule.minute // 60, rule.minute % 60), tz)
    year, week, _ = day.isocalendar()
    return Due(
        kind=rule.kind,
        key=f"daily-{last.isoformat()}" if rule.kind is DigestKind.DAY else f"weekly-{year}-W{week:02d}",
        due_ms=max(at_ms, period.end_ms + settle_ms),
        first=first,
        last=last,
        period=period,
        before=Span(start_ms=day_span(first - length, tz).start_ms, end_ms=period.start_ms),
    )
