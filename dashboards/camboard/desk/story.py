"""One incident's page: what it is, what happened, who did what, and what may be done next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.desk.incidents import IncidentRow, address_of, place_of, row
from camboard.desk.words import ACTION, DOMAIN, HAPPENING, ORDER_SHAPE, ORDER_STATE, STEP, evidence_words
from camboard.device.way import device_address
from camboard.i18n import Language
from camboard.index import Index
from camboard.text import local, plain
from camboard.words import REASON, RUNG, SHAPE, STATE, STATUS, State
from camkeeper.model.incident import Happening, IncidentEvent, IncidentState, Member
from camkeeper.model.probing import Verdict
from camkeeper.model.workorder import PROBE, OrderEvent, OrderState, Step, WorkOrder
from camkeeper.standing.desk import Action, IncidentStory, IncidentView
from camkeeper.workorder.law import LEGAL

ENTRIES_SHOWN = 150
MEMBERS_SHOWN = 80
_NAMES_SHOWN = 4
_SAYS_NOTHING = frozenset({Verdict.SKIPPED, Verdict.NOT_OFFERED, Verdict.MONITOR})
STEP_OF = {Action.ACCEPT: Step.ACCEPTED, Action.ON_SITE: Step.ON_SITE, Action.REPAIRED: Step.REPAIRED}
_REACHED = {
    Action.ACCEPT: frozenset({OrderState.ACCEPTED, OrderState.ON_SITE, OrderState.REPAIRED, OrderState.VERIFIED}),
    Action.ON_SITE: frozenset({OrderState.ON_SITE, OrderState.REPAIRED, OrderState.VERIFIED}),
    Action.REPAIRED: frozenset({OrderState.REPAIRED, OrderState.VERIFIED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One step that people take."""

    action: str
    word: str
    possible: bool
    done: str
    """When and by whom it was taken; empty while it wasn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timeline."""

    at: str
    word: str
    by: str
    text: str
    devices: str
    told: bool
    of_order: bool
    photo: str = ""
    """Address of the photo that the step brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One device of the incident: as the incident has it, and as it is now."""

    id: str
    name: str
    address: str
    place: str
    reason: str
    status: str
    since: str
    recovered: str
    tone: str
    shape: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPage:
    """The page of one incident."""

    at: str
    summary: str
    row: IncidentRow
    domain: str
    evidence: tuple[str, ...]
    position: str
    contractor: str
    contact: str
    phone: str
    order: str
    order_tone: str
    order_shape: str
    code: str
    children: tuple[tuple[str, str], ...]
    """(id, address) of incidents that this one suppresses."""
    above: tuple[str, str] | None
    merged: tuple[str, str] | None
    merged_why: str
    absorbed: tuple[tuple[str, str], ...]
    """(id, address) of incidents that people merged into this one."""
    ended: str
    letters: int
    members: tuple[MemberRow, ...]
    members_total: int
    entries: tuple[Entry, ...]
    """Newest first."""
    entries_total: int
    message: str
    buttons: tuple[Button, ...]
    open: bool


def story_page(story: IncidentStory, index: Index, at: str, say: Language) -> StoryPage:
    """Write one incident for one reader."""
    view, zone, now_ms = story.view, ZoneInfo(index.standing.timezone), index.standing.at_ms
    incident, order = view.incident, view.order
    shown = row(view, index, now_ms, zone, say)
    entries = timeline(story, index, zone, say)
    tone, shape = ORDER_SHAPE[order.state] if order else ("", "")
    return StoryPage(
        at=at,
        summary=f"{incident.id} · {shown.cause} · {shown.name}",
        row=shown,
        domain=say(DOMAIN[incident.domain.kind]),
        evidence=evidence_words(incident.evidence, say, view.names),
        position=plain(view.position, limit=240),
        contractor=plain(view.contractor or (order.contractor_id if order else "")),
        contact=plain(view.contact),
        phone=phone_digits(view.phone),
        order=order.id if order else "",
        order_tone=tone,
        order_shape=shape,
        code=order.code if order else "",
        children=tuple((child, address_of(child)) for child in view.children),
        above=_linked(incident.suppressed_by),
        merged=_linked(incident.merged_into),
        merged_why=plain(incident.merged_why, limit=500),
        absorbed=tuple((i, address_of(i)) for i in incident.absorbed),
        ended="" if incident.resolved_ms is None else stamp(incident.resolved_ms, zone),
        letters=view.letters,
        members=tuple(_member(m, index, zone, say) for m in _worst_first(incident.members.values()))[:MEMBERS_SHOWN],
        members_total=len(incident.members),
        entries=entries[:ENTRIES_SHOWN],
        entries_total=len(entries),
        message=story.message_en if say.code == "en" else story.message_zh,
        buttons=buttons(view, zone, say),
        open=incident.state is IncidentState.OPEN,
    )


def buttons(view: IncidentView, zone: ZoneInfo, say: Language) -> tuple[Button, ...]:
    """Return the steps of people: taken, possible, or not yet. Nothing where nothing is left to be done."""
    incident, order = view.incident, view.order
    acknowledged = ""
    if incident.acknowledged_ms is not None:
        acknowledged = f"{stamp(incident.acknowledged_ms, zone)} {plain(incident.acknowledged_by or '')}"
    is_open = incident.state is IncidentState.OPEN
    out = []
    if is_open or acknowledged:
        possible = is_open and not acknowledged
        word = say(ACTION[Action.ACKNOWLEDGE])
        out.append(Button(action=Action.ACKNOWLEDGE.value, word=word, possible=possible, done=acknowledged))
    if order is not None and order.state.live:
        out += [step_button(action, order, zone, say) for action in STEP_OF]
    return tuple(out)


def step_button(action: Action, order: WorkOrder, zone: ZoneInfo, say: Language) -> Button:
    """Return a step of people on an order: taken, possible, or not yet."""
    step = STEP_OF[action]
    taken = [event for event in order.history if event.step is step]
    done = ""
    if taken and order.state in _REACHED[action]:
        done = f"{stamp(taken[-1].at_ms, zone)} {by_words(taken[-1].by, say)}"
    possible = order.state in LEGAL[order.kind][step]
    return Button(action=action.value, word=say(ACTION[action]), possible=possible, done="" if possible else done)


def timeline(story: IncidentStory, index: Index, zone: ZoneInfo, say: Language) -> tuple[Entry, ...]:
    """Return the events of the incident and the steps of its order as one line of time, newest first."""
    dated = [(e.at_ms, _event(e, index, zone, say)) for e in story.events]
    dated += [(s.at_ms, order_entry(s, index, zone, say, names=story.view.names)) for s in story.steps]
    dated.sort(key=lambda pair: pair[0])
    return tuple(entry for _, entry in reversed(dated))


def _event(event: IncidentEvent, index: Index, zone: ZoneInfo, say: Language) -> Entry:
    return Entry(
        at=stamp(event.at_ms, zone),
        word=say(HAPPENING[event.happening]),
        by=by_words(event.by, say),
        text=_merged_words(event),
        devices=device_names(event.device_ids, index, say),
        told=event.tells,
        of_order=False,
    )


def _merged_words(event: IncidentEvent) -> str:
    """Return where somebody merged the incident into, and why; empty for all else."""
    incident = event.incident
    if event.happening is not Happening.MERGED or not incident.merged_why:
        return ""
    return f"→ {incident.merged_into} · {plain(incident.merged_why, limit=500)}"


def order_entry(event: OrderEvent, index: Index, zone: ZoneInfo, say: Language, *, names: Mapping[str, str]) -> Entry:
    """Write one step of an order; `names` of contractors by id."""
    return Entry(
        at=stamp(event.at_ms, zone),
        word=say(STEP[event.step]),
        by=by_words(event.by, say),
        text=plain(event.text or names.get(event.contractor_id, event.contractor_id), limit=500),
        devices=device_names((d.device_id for d in event.devices), index, say),
        told=False,
        of_order=True,
        photo="" if event.photo is None else f"/orders/{event.number}/photos/{event.photo.digest}",
    )


def by_words(by: str, say: Language) -> str:
    """Return who took a step."""
    return say("探测") if by == PROBE else plain(by)


def device_names(ids: Iterable[str], index: Index, say: Language) -> str:
    """Return the first devices by name, and how many there are."""
    listed = list(ids)
    names = [plain(index.device_by_id[i].name if i in index.device_by_id else i) for i in listed[:_NAMES_SHOWN]]
    text = "、".join(names) if say.code == "zh" else ", ".join(names)
    return say("%(names)s 等 %(n)d 台", names=text, n=len(listed)) if len(listed) > _NAMES_SHOWN else text


def stamp(at_ms: int, zone: ZoneInfo) -> str:
    """Return an instant of the record, to the second, with its day."""
    return f"{local(at_ms, zone):%m-%d %H:%M:%S}"


def phone_digits(text: str) -> str:
    """Return what a phone can dial of a number, or nothing."""
    kept = "".join(c for c in text if c in "+0123456789")
    return kept if 3 <= len(kept) <= 20 and "+" not in kept[1:] else ""


def checked(view: IncidentView, index: Index, say: Language) -> tuple[tuple[str, bool], ...]:
    """Return the rungs that were asked of the devices still out, and whether any of them answered.

    Each device's up to the one that failed: answers above it are older.
    """
    found: dict[str, bool] = {}
    for member in view.incident.members.values():
        device = index.device_by_id.get(member.device_id)
        if member.recovered_ms is not None or device is None:
            continue
        for result in device.rungs:
            if result.verdict not in _SAYS_NOTHING:
                word = say(RUNG[result.rung])
                found[word] = found.get(word, False) or not result.verdict.is_failure
            if result.verdict.is_failure:
                break
    return tuple(found.items())


def _linked(incident_id: str | None) -> tuple[str, str] | None:
    return None if incident_id is None else (incident_id, address_of(incident_id))


def _worst_first(members: Iterable[Member]) -> list[Member]:
    return sorted(members, key=lambda m: (m.recovered_ms is not None, -m.status.severity, m.since_ms, m.device_id))


def _member(member: Member, index: Index, zone: ZoneInfo, say: Language) -> MemberRow:
    device = index.device_by_id.get(member.device_id)
    state = State.UNKNOWN if device is None else State.of(device)
    return MemberRow(
        id=member.device_id,
        name=plain(device.name if device else member.device_id),
        address=device_address(member.device_id) if device else "",
        place="" if device is None else place_of((device.site_id,), index, say),
        reason=say(REASON[member.reason]),
        status=say(STATUS[member.status]),
        since=stamp(member.since_ms, zone),
        recovered="" if member.recovered_ms is None else stamp(member.recovered_ms, zone),
        tone=state.value,
        shape=SHAPE[state],
        now=say(STATE[state]) if device else say("已不在登记中"),
    )


def order_word(order: WorkOrder, say: Language) -> str:
    """Return an order's state."""
    return say(ORDER_STATE[order.state])
