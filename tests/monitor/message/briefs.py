"""Briefs for tests: one as it is in the field, and any that hypothesis thinks of."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from camkeeper.message import Brief, Checked, Effect, Neighbours, Style, Upstream
from camkeeper.message.style import Dialect
from camkeeper.model.channel import Language
from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Evidence,
    Happening,
    Incident,
    IncidentEvent,
    IncidentState,
    Member,
)
from camkeeper.model.probing import Rung
from camkeeper.model.status import Reason, Status

BEGAN_MS = 1_760_594_700_000  # 2025-10-16 14:05 in Shanghai
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


def member(device_id: str, status: Status = Status.DOWN, recovered_ms: int | None = None) -> Member:
    return Member(
        device_id=device_id, status=status, reason=Reason.NO_ANSWER, since_ms=BEGAN_MS, recovered_ms=recovered_ms
    )


INCIDENT = Incident(
    id="I000931",
    domain=Domain(kind=DomainKind.POLE, id="pole-1"),
    cause=Cause.POWER,
    confidence=Confidence.MEDIUM,
    evidence=(Evidence(name="began_within", facts={"spread_ms": 900}), Evidence(name="nobody-wrote-words-for-this")),
    state=IncidentState.OPEN,
    began_ms=BEGAN_MS,
    held_ms=BEGAN_MS + MINUTE_MS,
    opened_ms=BEGAN_MS + 2 * MINUTE_MS,
    members={f"cam-{n}": member(f"cam-{n}") for n in (1, 2, 3)},
)
POLE = Brief(
    event=IncidentEvent(at_ms=BEGAN_MS + 35 * MINUTE_MS, happening=Happening.OPENED, incident=INCIDENT, tells=True),
    timezone="Asia/Shanghai",
    site="柳湾村",
    domain="文化广场北杆",
    device_names=("广场北枪机", "广场东枪机", "广场球机"),
    domain_total=3,
    checked=tuple(Checked(rung=rung, ok=False) for rung in (Rung.PING, Rung.REACH, Rung.TIME)),
    rounds=3,
    upstream=Upstream(name="交换机SW-07", status=Status.UP),
    neighbours=Neighbours(total=6, up=6),
    position="文化广场北侧电杆，箱号B12",
    repair_by_ms=BEGAN_MS + 4 * HOUR_MS,
    respond_by_ms=BEGAN_MS + HOUR_MS,
    budget_ms=7_800_000,
    work_order="WO-0931",
    code="4821",
    contact="值班 0395-0000000",
)


def at(happening: Happening, brief: Brief = POLE, **incident: object) -> Brief:
    changed = replace(brief.event.incident, **incident)  # type: ignore[arg-type]
    return replace(brief, event=replace(brief.event, happening=happening, incident=changed))


OVER = replace(
    at(Happening.RESOLVED, state=IncidentState.RESOLVED, resolved_ms=BEGAN_MS + 135 * MINUTE_MS),
    effect=Effect(without_bp=9702, with_bp=9499, target_bp=9500),
)

_ENEMIES = [
    "\u202e村\u2066",
    "**粗**",
    "[点我](http://evil.example)",
    "<at id=all></at>",
    "<@all>",
    "`rm`",
    "<font color='warning'>x</font>",
    "![](x)",
    "{domain}",
    "%s%n",
    "|a|b|",
]
nasty = st.one_of(
    st.text(max_size=200),
    st.sampled_from([*_ENEMIES, "a\nb\r\nc", "\ud800", "e" + "\u0301" * 50, "\U0001f468\u200d\U0001f469" * 40]),
)
instants = st.integers(0, 4_000_000_000_000)


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    """Any brief: names from an enemy, numbers from anywhere."""
    began_ms = draw(instants)
    count = draw(st.integers(0, 40))
    statuses = st.sampled_from(list(Status))
    incident = Incident(
        id=draw(st.from_regex(r"I[0-9]{6}", fullmatch=True)),
        domain=Domain(kind=draw(st.sampled_from(list(DomainKind))), id="x"),
        cause=draw(st.sampled_from(list(Cause))),
        confidence=draw(st.sampled_from(list(Confidence))),
        evidence=(Evidence(name="upstream_up", facts={"device_id": draw(nasty)}), Evidence(name="all_out")),
        state=draw(st.sampled_from(list(IncidentState))),
        began_ms=began_ms,
        held_ms=began_ms,
        resolved_ms=draw(st.none() | instants),
        members={f"d{n}": member(f"d{n}", draw(statuses), draw(st.none() | instants)) for n in range(count)},
    )
    event = IncidentEvent(
        at_ms=draw(instants),
        happening=draw(st.sampled_from(list(Happening))),
        incident=incident,
        tells=True,
        device_ids=("d1",),
        by=draw(nasty),
    )
    bp = st.none() | st.integers(0, 10_000)
    return Brief(
        event=event,
        timezone=draw(st.sampled_from(["Asia/Shanghai", "UTC", "Europe/Berlin"])),
        site=draw(nasty),
        domain=draw(nasty),
        device_names=tuple(draw(st.lists(nasty, max_size=12))),
        domain_total=draw(st.none() | st.integers(0, 60)),
        checked=tuple(Checked(rung=rung, ok=draw(st.booleans())) for rung in Rung),
        rounds=draw(st.integers(0, 9)),
        upstream=draw(st.none() | st.builds(Upstream, name=nasty, status=statuses)),
        neighbours=draw(st.none() | st.builds(Neighbours, total=st.integers(0, 99), up=st.integers(0, 99))),
        position=draw(nasty),
        respond_by_ms=draw(st.none() | instants),
        repair_by_ms=draw(st.none() | instants),
        budget_ms=draw(st.none() | st.integers(-(10**10), 10**10)),
        effect=draw(st.none() | st.builds(Effect, without_bp=bp, with_bp=bp, target_bp=st.integers(0, 10_000))),
        work_order=draw(nasty),
        code=draw(nasty),
        contact=draw(nasty),
        url=draw(nasty),
        escalation=draw(st.integers(0, 5)),
        merged_into=draw(nasty),
    )


styles = st.builds(
    Style,
    dialect=st.sampled_from(list(Dialect)),
    language=st.sampled_from(list(Language)),
    text_bytes=st.integers(1_000, 6_000),
    markdown_bytes=st.sampled_from([0, 1_000, 4_096]),
    segments=st.integers(1, 6),
)
