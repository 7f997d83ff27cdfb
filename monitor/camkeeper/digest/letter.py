"""A digest as a letter: short, standing alone, cut for its channel. Figures are cut, never rounded up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from camkeeper.availability.buckets import truncated_percent
from camkeeper.availability.figures import Share
from camkeeper.digest.due import Due
from camkeeper.digest.facts import facts
from camkeeper.digest.phrases import late_word, say
from camkeeper.digest.values import Digest, Place, Seen
from camkeeper.message import Words, short
from camkeeper.message.clean import clean
from camkeeper.message.fit import KEEP, Line, cut
from camkeeper.message.phrases import say as say_cause
from camkeeper.message.render import laid_out
from camkeeper.message.style import SUBJECT_BYTES, Dialect, Style
from camkeeper.message.times import duration, instant
from camkeeper.model.channel import Language
from camkeeper.model.digest import DigestKind
from camkeeper.model.letter import Letter

WORST = 5
"""Villages named: more are read on the board."""
_NAMED = 5


def letter_of(digest: Digest, due: Due, *, channel_id: str, style: Style, tz: str, url: str, now_ms: int) -> Letter:
    """Return the letter for one addressee. `url`: where the board is reached; empty: nowhere from outside."""
    words = _words(digest, due, style, tz, url)
    return Letter(
        id=due.letter_id(channel_id),
        incident_id="",
        seq=0,
        channel_id=channel_id,
        subject=words.subject,
        text=words.text,
        markdown=words.markdown,
        facts=words.facts,
        created_ms=now_ms,
    )


def _named(one: Digest | Place, language: Language) -> str:
    return one.name if language is Language.ZH else one.name_en or one.name


def _words(digest: Digest, due: Due, style: Style, tz: str, url: str) -> Words:
    lines = message_lines(digest, due, style.language, tz, url)
    values = facts(digest, due)
    if style.dialect is Dialect.SMS:
        # Gateways take what stands in such brackets for the sender's registered signature.
        bare = [Line(text=ln.text.replace("【", "").replace("】", " "), weight=ln.weight) for ln in lines]
        text = short.within(bare, style.segments)
        return Words(subject=cut(lines[0].text, SUBJECT_BYTES), text=text, facts=values)
    return laid_out(tuple(lines), style, values)


def message_lines(digest: Digest, due: Due, language: Language, tz: str, url: str) -> list[Line]:
    """Return the lines with their weights, the first line first."""
    figure = digest.total.figure
    title = say(
        language,
        f"title.{due.kind}",
        name=clean(_named(digest, language)),
        when=_when(due, language),
        rate=_percent(figure.ratio, language),
    )
    lines = [Line(text=title, weight=KEEP)]
    if digest.measured:
        lines += _rates(digest, language)
    else:
        lines.append(Line(text=say(language, "nothing"), weight=KEEP))
    lines += _gaps(digest, language, tz)
    lines += _worst(digest, language)
    lines += _incidents(digest, language)
    lines += _orders(digest, language)
    if digest.seen is not None:
        lines.append(Line(text=_seen(digest.seen, digest.seen_before, language), weight=4))
    if url:
        month = due.last.isoformat()[:7]
        lines.append(Line(text=say(language, "url", url=f"{url}/reports/{month}"), weight=6))
    return lines


def _when(due: Due, language: Language) -> str:
    last = _day(due.last, language)
    return last if due.kind is DigestKind.DAY else f"{_day(due.first, language)}–{last}"


def _day(day: date, language: Language) -> str:
    return f"{day:%m-%d}" if language is Language.EN else f"{day.month}月{day.day}日"


def _rates(digest: Digest, language: Language) -> list[Line]:
    """The promise, the pictures, and what nobody knows."""
    total, time = digest.total, digest.total.figure.buckets
    figure = total.figure
    good_ms = time.up_ms - time.degraded_ms
    rate = say(
        language,
        "rate",
        rate=_percent(figure.ratio, language),
        lower=_percent(figure.lower, language),
        upper=_percent(figure.upper, language),
        target=_target(total),
        verdict=say(language, figure.verdict),
    )
    good = say(
        language,
        "good",
        rate=_percent(time.good_ratio, language),
        lower=_percent(Fraction(good_ms, time.accountable_ms), language),
        upper=_percent(Fraction(good_ms + time.unknown_ms, time.accountable_ms), language),
    )
    out = [Line(text=rate, weight=KEEP), Line(text=good, weight=7)]
    if time.unknown_ms:
        out.append(Line(text=say(language, "unknown", share=unknown_share(time.completeness)), weight=8))
    return out


def unknown_share(known: Share) -> str:
    """Return what is not known as percent, the known part cut: ignorance is never told smaller than it is.

    >>> unknown_share(Fraction(99999, 100000)), unknown_share(Fraction(1)), unknown_share(None)
    ('0.01%', '0.00%', '100.00%')
    """
    whole = 0 if known is None else known.numerator * 10_000 // known.denominator
    return f"{(10_000 - whole) // 100}.{(10_000 - whole) % 100:02d}%"


def _worst(digest: Digest, language: Language) -> list[Line]:
    below = [p for p in digest.places if p.figure.lower is not None and p.figure.lower < 1][:WORST]
    if not below:
        return []
    named = [
        say(
            language,
            "worst.sure" if place.figure.lower == place.figure.upper else "worst.one",
            name=clean(_named(place, language), limit=16 if language is Language.ZH else 32),
            rate=_percent(place.figure.ratio, language),
            lower=_percent(place.figure.lower, language),
            upper=_percent(place.figure.upper, language),
        )
        for place in below
    ]
    return [Line(text=say(language, "worst", list=say(language, "join").join(named)), weight=5)]


def _incidents(digest: Digest, language: Language) -> list[Line]:
    if not digest.incidents:
        return []
    causes = [f"{say_cause(language, f'cause.{cause}')} {n}" for cause, n in digest.causes]
    still = say(language, "incidents.open", n=digest.incidents_open) if digest.incidents_open else ""
    listed = say(language, "incidents.causes", list=say(language, "join").join(causes)) if causes else ""
    return [Line(text=say(language, "incidents", n=digest.incidents, open=still, causes=listed), weight=5)]


def _orders(digest: Digest, language: Language) -> list[Line]:
    if not (digest.opened or digest.closed or digest.late):
        return []
    late = len(digest.late)
    out = [
        Line(text=say(language, "orders", opened=digest.opened, closed=digest.closed, late=late), weight=6),
    ]
    if late:
        named = say(language, "join").join(f"{o.id} {late_word(language, o.what)}" for o in digest.late[:_NAMED])
        more = say(language, "join") + say(language, "more", n=late) if late > _NAMED else ""
        out.append(Line(text=say(language, "orders.late", list=named + more), weight=5))
    return out


def _gaps(digest: Digest, language: Language, tz: str) -> list[Line]:
    if not digest.gaps:
        return []
    named = [
        f"{instant(gap.start_ms, digest.gaps[-1].end_ms, tz)}–{instant(gap.end_ms, digest.gaps[-1].end_ms, tz)}"
        for gap in digest.gaps[:_NAMED]
    ]
    n, total = len(digest.gaps), duration(sum(gap.length_ms for gap in digest.gaps), language)
    listed = say(language, "join").join(named)
    more = say(language, "join") + say(language, "more", n=n) if n > _NAMED else ""
    return [Line(text=say(language, "gaps", n=n, total=total, list=listed + more), weight=7)]


def _seen(now: Seen, before: Seen | None, language: Language) -> str:
    few, many = _percent(now.lower, language), _percent(now.upper, language)
    change = ""
    if before is not None:
        change = say(language, "seen.change", points=points(now.lower - before.lower))
    hours = say(language, "seen.hours", n=now.hours, of=now.of_hours) if now.hours < now.of_hours else ""
    return say(language, "seen", share=few if few == many else f"{few}–{many}", change=change, hours=hours)


def points(difference: Fraction) -> str:
    """Return percentage points, signed and cut towards zero.

    >>> points(Fraction(-1, 200)), points(Fraction(1, 100_000)), points(Fraction(1, 8))
    ('-0.50', '±0.00', '+12.50')
    """
    whole = abs(difference).numerator * 10_000 // abs(difference).denominator
    sign = "±" if not whole else "-" if difference < 0 else "+"
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def _percent(share: Share, language: Language) -> str:
    shown = truncated_percent(share)
    return say(language, "none") if shown is None else f"{shown}%"


def _target(place: Place) -> str:
    return f"{place.target_bp / 100:g}%"


def worst_first(places: Sequence[Place]) -> tuple[Place, ...]:
    """Return places by their lower bound; those in which nothing was accountable are left out."""
    known = [(place.figure.lower, place.id, place) for place in places if place.figure.lower is not None]
    return tuple(place for _, _, place in sorted(known, key=lambda each: each[:2]))
