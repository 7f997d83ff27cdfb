"""Many incidents in one message, when there are more than people can read one by one."""

from __future__ import annotations

from collections.abc import Sequence

from camkeeper.message import short
from camkeeper.message.brief import Brief, Words
from camkeeper.message.clean import clean
from camkeeper.message.facts import facts
from camkeeper.message.fit import KEEP, Line, cut
from camkeeper.message.phrases import say
from camkeeper.message.render import laid_out
from camkeeper.message.style import SUBJECT_BYTES, Dialect, Style
from camkeeper.message.times import instant
from camkeeper.message.title import affected, title
from camkeeper.model.channel import Language
from camkeeper.model.letter import JSON

_LISTED = 20


def digest(briefs: Sequence[Brief], style: Style) -> Words:
    """Return one message for `briefs` (at least one), most devices first; facts are in `incidents`."""
    if not briefs:
        raise ValueError("a digest of nothing")
    language = style.language
    ordered = sorted(briefs, key=lambda b: (-affected(b), b.event.at_ms, b.event.incident.id))
    devices = sum(affected(b) for b in briefs)
    head = Line(text=say(language, "digest.title", n=len(briefs), devices=devices), weight=KEEP)
    values: dict[str, JSON] = {"incidents": [facts(b) for b in ordered]}
    if style.dialect is Dialect.SMS:
        bare = head.text.strip("【[").replace("】", " ").replace("]", "")
        listed = [Line(text=clean(b.site, limit=12), weight=5) for b in ordered[:_LISTED]]
        text = short.within([Line(text=bare, weight=KEEP), *listed], style.segments)
        return Words(subject=cut(head.text, SUBJECT_BYTES), text=text, facts=values)
    lines = [head, _span(briefs, language)]
    # The last of equals go first: what is left out is always the end of the list.
    lines += [Line(text=f"{place}. {_entry(b, language)}", weight=5) for place, b in enumerate(ordered[:_LISTED], 1)]
    if len(ordered) > _LISTED:
        lines.append(Line(text=say(language, "digest.more", n=len(ordered) - _LISTED), weight=8))
    return laid_out(tuple(lines), style, values)


def _span(briefs: Sequence[Brief], language: Language) -> Line:
    until_ms = max(b.event.at_ms for b in briefs)
    since_ms = min(b.event.incident.began_ms for b in briefs)
    zone = briefs[0].timezone
    since, until = instant(since_ms, until_ms, zone), instant(until_ms, until_ms, zone)
    return Line(text=say(language, "digest.span", since=since, until=until), weight=8)


def _entry(brief: Brief, language: Language) -> str:
    return f"{title(brief, language)} {clean(brief.domain)}"
