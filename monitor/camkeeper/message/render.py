"""One incident's step as a message."""

from __future__ import annotations

from camkeeper.message import short
from camkeeper.message.brief import Brief, Words
from camkeeper.message.clean import PROSE_CHARACTERS, clean, digits
from camkeeper.message.evidence import told
from camkeeper.message.facts import facts
from camkeeper.message.fit import KEEP, Line, cut, fit
from camkeeper.message.phrases import knows, say
from camkeeper.message.style import SUBJECT_BYTES, Dialect, Style, bold, escaped, plain, separator
from camkeeper.message.times import duration, instant, percent, tenths_of_hours
from camkeeper.message.title import affected, code, number, title
from camkeeper.model.channel import Language
from camkeeper.model.incident import Cause, DomainKind, Happening, IncidentState
from camkeeper.model.letter import JSON
from camkeeper.model.status import Reason

_NAMES_SHOWN = 6
_STILL_SHOWS = frozenset({Reason.IMAGE_MOVED, Reason.IMAGE_ROTATED, Reason.IMAGE_IR_STUCK})
"""Something is to be seen in these pictures, if not what was agreed."""


def words(brief: Brief, style: Style) -> Words:
    """Return the message in the language, length and markup of `style`."""
    lines = message_lines(brief, style.language)
    if style.dialect is Dialect.SMS:
        text = short.text(brief, style.language, style.segments)
        return Words(subject=cut(lines[0].text, SUBJECT_BYTES), text=text, facts=facts(brief))
    return laid_out(lines, style, facts(brief))


def laid_out(lines: tuple[Line, ...], style: Style, values: dict[str, JSON]) -> Words:
    """Return lines as a message of `style`; the first is its subject."""
    return Words(
        subject=cut(lines[0].text, SUBJECT_BYTES),
        text=fit([Line(text=plain(ln.text, style.dialect), weight=ln.weight) for ln in lines], style.text_bytes),
        markdown=_markdown(lines, style) if style.markdown_bytes else "",
        facts=values,
    )


def _markdown(lines: tuple[Line, ...], style: Style) -> str:
    first, rest = lines[0], lines[1:]
    # The stars count too, and a cut must not part them.
    head = cut(escaped(first.text), max(0, style.markdown_bytes - 4))
    marked = [Line(text=bold(head), weight=first.weight)]
    marked += [Line(text=escaped(line.text), weight=line.weight) for line in rest]
    return fit(marked, style.markdown_bytes, separator=separator(style.dialect))


def message_lines(brief: Brief, language: Language) -> tuple[Line, ...]:
    """Return the lines with their weights, the first line first."""
    happening = brief.event.happening
    lines = [Line(text=title(brief, language), weight=KEEP), _where(brief, language), _when(brief, language)]
    if happening is Happening.ACKNOWLEDGED and brief.event.by:
        lines.append(Line(text=say(language, "by", name=clean(brief.event.by)), weight=KEEP))
    if happening is Happening.MERGED and brief.merged_into:
        lines.append(Line(text=say(language, "merged", into=clean(brief.merged_into)), weight=KEEP))
    if brief.event.incident.domain.kind is DomainKind.MONITOR:
        over = brief.event.incident.state is IncidentState.RESOLVED
        lines.append(Line(text=say(language, "monitor.sees" if over else "monitor.blind"), weight=KEEP))
    elif brief.event.incident.state is IncidentState.RESOLVED:
        lines += _after(brief, language)
    else:
        lines += _meanwhile(brief, language)
    lines += _closing(brief, language)
    return tuple(lines)


def _where(brief: Brief, language: Language) -> Line:
    count = affected(brief)
    extent = ""
    if brief.domain_total and count and brief.event.incident.domain.kind is not DomainKind.DEVICE:
        if count >= brief.domain_total:
            key = f"whole.{brief.event.incident.domain.kind}"
            whole = say(language, key if knows(language, key) else "whole")
            extent = say(language, "extent.all", whole=whole, n=count)
        else:
            extent = say(language, "extent.of", n=count, total=brief.domain_total)
    return Line(text=say(language, "where", domain=clean(brief.domain), extent=extent), weight=8)


def _when(brief: Brief, language: Language) -> Line:
    incident, now_ms = brief.event.incident, brief.event.at_ms
    began = instant(incident.began_ms, now_ms, brief.timezone)
    if incident.state is IncidentState.RESOLVED:
        until_ms = incident.resolved_ms if incident.resolved_ms is not None else now_ms
        lasted = duration(until_ms - incident.began_ms, language)
        until = instant(until_ms, now_ms, brief.timezone)
        return Line(text=say(language, "lasted", since=began, until=until, duration=lasted), weight=8)
    text = say(language, "since", since=began, duration=duration(now_ms - incident.began_ms, language))
    if brief.upstream is not None:
        name, status = clean(brief.upstream.name), say(language, brief.upstream.status)
        text += say(language, "semicolon") + say(language, "upstream", name=name, status=status)
    return Line(text=text, weight=8)


def _meanwhile(brief: Brief, language: Language) -> list[Line]:
    """What is wrong, what was checked, until when."""
    out: list[Line] = []
    if brief.event.happening is Happening.GREW and brief.event.device_ids:
        out.append(Line(text=say(language, "new", n=len(brief.event.device_ids)), weight=5))
    if brief.checked:
        rungs = " ".join(say(language, f"rung.{c.rung}") + ("✓" if c.ok else "✗") for c in brief.checked)
        rounds = say(language, "rounds", n=brief.rounds) if brief.rounds > 1 else ""
        out.append(Line(text=say(language, "checked", rungs=rungs, rounds=rounds), weight=4))
    out += _picture(brief, language)
    out.append(Line(text=_cause(brief, language), weight=6))
    if brief.neighbours is not None and brief.neighbours.total:
        near = brief.neighbours
        key = "neighbours.all" if near.up >= near.total else "neighbours.some"
        out.append(Line(text=say(language, key, total=near.total, up=near.up), weight=3))
    if brief.position:
        position = clean(brief.position, limit=PROSE_CHARACTERS)
        out.append(Line(text=say(language, "position", position=position), weight=7))
    out.append(Line(text=_deadline(brief, language), weight=KEEP))
    out += _budget(brief, language)
    return out


def _picture(brief: Brief, language: Language) -> list[Line]:
    """Say that the device is online, and since when its picture shows what: whoever only pings it finds it well."""
    incident = brief.event.incident
    if incident.cause is not Cause.IMAGE:
        return []
    shown = [member.reason for member in incident.members.values() if member.recovered_ms is None]
    looks = [reason for reason in shown if reason.is_image]
    if not looks:
        return []
    commonest = max(sorted(set(looks)), key=looks.count)
    what = say(language, f"suspect.{commonest}")
    since_ms = min([incident.began_ms, *(f.since_ms for f in brief.findings)])
    turn = brief.findings[0].turn if brief.findings else None
    if turn is not None and len(looks) == 1:
        yaw, error = f"{abs(turn.yaw_deg):.1f}", f"{turn.error_deg:.1f}"
        what = say(language, "turned", what=what, yaw=yaw, error=error)
    since = instant(since_ms, brief.event.at_ms, brief.timezone)
    key = "picture.changed" if commonest in _STILL_SHOWS else "picture"
    return [Line(text=say(language, key, what=what, since=since), weight=6)]


def _cause(brief: Brief, language: Language) -> str:
    incident = brief.event.incident
    facts_told = told(incident.evidence, language, names=brief.names)
    evidence = say(language, "semicolon") + say(language, "join").join(facts_told) if facts_told else ""
    confidence = say(language, f"confidence.{incident.confidence}")
    cause: Cause = incident.cause
    return say(language, "cause", cause=say(language, f"cause.{cause}"), confidence=confidence, evidence=evidence)


def _deadline(brief: Brief, language: Language) -> str:
    if brief.repair_by_ms is None:
        return say(language, "no_deadline")
    now_ms = brief.event.at_ms
    late_ms = now_ms - brief.repair_by_ms
    respond = ""
    if brief.respond_by_ms is not None and brief.event.incident.acknowledged_ms is None:
        respond = say(language, "respond", respond=instant(brief.respond_by_ms, now_ms, brief.timezone))
    return say(
        language,
        "deadline",
        repair=instant(brief.repair_by_ms, now_ms, brief.timezone),
        respond=respond,
        late=say(language, "late", duration=duration(late_ms, language)) if late_ms > 0 else "",
    )


def _after(brief: Brief, language: Language) -> list[Line]:
    """What it cost."""
    out: list[Line] = []
    effect = brief.effect
    if effect is not None:
        target = percent(effect.target_bp)
        if effect.without_bp is None or effect.with_bp is None:
            text = say(language, "effect.unknown", target=target)
        else:
            verdict = say(language, "effect.met" if effect.with_bp >= effect.target_bp else "effect.missed")
            before, after = percent(effect.without_bp), percent(effect.with_bp)
            text = say(language, "effect", before=before, after=after, target=target, verdict=verdict)
        out.append(Line(text=text, weight=KEEP))
    return out + _budget(brief, language)


def _budget(brief: Brief, language: Language) -> list[Line]:
    if brief.budget_ms is None:
        return []
    key = "budget" if brief.budget_ms >= 0 else "budget.spent"
    return [Line(text=say(language, key, hours=tenths_of_hours(brief.budget_ms)), weight=7)]


def _closing(brief: Brief, language: Language) -> list[Line]:
    """Whom to ask, and which devices."""
    out: list[Line] = []
    open_ = brief.event.incident.state is IncidentState.OPEN
    reply = say(language, "reply", code=code(brief)) if code(brief) and open_ and number(brief) else ""
    contact = say(language, "contact", contact=clean(brief.contact, limit=48)) if brief.contact else ""
    if contact or reply:
        text = say(language, "semicolon").join(part for part in (contact, reply) if part)
        out.append(Line(text=text, weight=6))
    if brief.url and open_:
        out.append(Line(text=say(language, "url", url=_address(brief.url)), weight=5))
    if len(brief.device_names) > 1:
        shown = say(language, "names").join(clean(name) for name in brief.device_names[:_NAMES_SHOWN])
        if affected(brief) > _NAMES_SHOWN:
            shown += say(language, "devices.more", n=affected(brief))
        out.append(Line(text=say(language, "devices", names=shown), weight=2))
    return out


def _address(url: str) -> str:
    """Our own page's address: kept as it is where it is one, else nothing of it."""
    kept = "".join(c for c in url if c.isascii() and c.isprintable() and c not in " \"'<>`\\[]*~|")
    return kept[:200] if digits(kept, limit=1) else ""
