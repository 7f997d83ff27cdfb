"""Short messages: one line, counted in the characters and segments that are paid for."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.message.brief import Brief
from camkeeper.message.clean import clean
from camkeeper.message.fit import KEEP, Line, fit
from camkeeper.message.phrases import say
from camkeeper.message.times import duration, instant
from camkeeper.message.title import affected, code, headline, number
from camkeeper.model.channel import Language
from camkeeper.model.incident import IncidentState

# 3GPP TS 23.038: the default alphabet; characters of its extension take two places.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """What a text costs."""

    characters: int
    """Places taken: UTF-16 units, or septets for text without Chinese."""
    segments: int


def length(text: str) -> Length:
    """Return places and segments: 70 in one and 67 in each of several; 160 and 153 without Chinese.

    >>> length("断" * 70).segments, length("断" * 71).segments, length("x" * 161).segments
    (1, 2, 2)
    """
    if all(c in _GSM or c in _GSM_TWO for c in text):
        places, one, each = sum(2 if c in _GSM_TWO else 1 for c in text), 160, 153
    else:
        places, one, each = _units(text), 70, 67
    return Length(characters=places, segments=1 if places <= one else -(-places // each))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def within(lines: list[Line], segments: int) -> str:
    """Return the parts in one line of at most `segments` segments of 70 characters."""
    room = 70 if segments <= 1 else 67 * segments
    return fit(lines, room, measure=_units, separator=" ")


def text(brief: Brief, language: Language, segments: int) -> str:
    """Return the short form: what, where, since, until when, number, code, contact."""
    incident, now_ms = brief.event.incident, brief.event.at_ms
    # No 【】: mainland gateways take what stands in them for the sender's registered signature.
    count = affected(brief)
    counted = (f"{count}台" if language is Language.ZH else f" ({count})") if count else ""
    lines = [
        Line(text=headline(brief, language), weight=KEEP),
        Line(text=clean(brief.site, limit=16) + counted, weight=KEEP),
    ]
    if brief.domain and brief.domain != brief.site:
        lines.append(Line(text=clean(brief.domain, limit=16), weight=6))
    began = instant(incident.began_ms, now_ms, brief.timezone)
    if incident.state is IncidentState.RESOLVED:
        until_ms = incident.resolved_ms if incident.resolved_ms is not None else now_ms
        lasted = duration(until_ms - incident.began_ms, language)
        until = instant(until_ms, now_ms, brief.timezone)
        lines.append(Line(text=_bare(say(language, "lasted", since=began, until=until, duration=lasted)), weight=7))
    else:
        lines.append(Line(text=f"{began}起" if language is Language.ZH else f"since {began}", weight=7))
        if brief.repair_by_ms is not None:
            until = instant(brief.repair_by_ms, now_ms, brief.timezone)
            lines.append(Line(text=f"{until}前修复" if language is Language.ZH else f"repair by {until}", weight=KEEP))
    if number(brief):
        lines.append(Line(text=number(brief), weight=KEEP))
    if code(brief):
        lines.append(Line(text=say(language, "code", code=code(brief)), weight=KEEP))
    if brief.contact:
        lines.append(Line(text=clean(brief.contact, limit=32), weight=4))
    return within(lines, segments)


def _bare(line: str) -> str:
    """Return a line without its label."""
    for mark in ("：", ": "):
        if mark in line:
            return line.split(mark, 1)[1]
    return line
