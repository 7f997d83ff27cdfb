"""The duty desk inside the monitor: transitions in; incidents, work orders and letters out, in the same batch.

The recorder asks as it puts a batch together (`take`) and says when that is on disk (`stored`): only then is anything
shown or sent. A fault in here is logged and shown, and never keeps a sample from being recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import structlog

from camkeeper.clock import Timeline
from camkeeper.incident import Graph
from camkeeper.ledger.record import Recovery
from camkeeper.message import Brief, Style, words
from camkeeper.model.change import Transition
from camkeeper.model.channel import Language
from camkeeper.model.contract import Plan, Window
from camkeeper.model.incident import Happening, Incident, IncidentEvent, IncidentState
from camkeeper.outbox.routing import Target, escalations, scope_of, targets
from camkeeper.run.desk.act import do
from camkeeper.run.desk.briefs import Around, brief_of
from camkeeper.run.desk.memory import orphans, remembered, unseen
from camkeeper.run.desk.rounds import Rounds, contracts_of
from camkeeper.run.desk.token import token_of
from camkeeper.run.desk.work import Answer, Mails, Seqs, Shown, Work, own_part, posting, told_of, watched_since
from camkeeper.run.township import Township
from camkeeper.standing.build import timezone_of
from camkeeper.standing.desk import Act, Acted
from camkeeper.standing.view import Standing
from camkeeper.workorder import react as reacting
from camkeeper.workorder.book import WorkOrderBook
from camkeeper.workorder.proof import settle, told_all

ACT_WITHIN_S = 10.0
RECENT_MS = 7 * 86_400_000
REST_MS = 10_000
"""After a fault: one that comes at every batch must not fill the log."""

_log = structlog.get_logger(__name__)

Sees = Callable[[str], bool | None]
"""Whether one of our own uplinks sees; None where nobody has looked yet."""


class Desk:
    """Incidents, orders and letters of one monitor. One owner, the event loop."""

    def __init__(
        self,
        *,
        recovery: Recovery,
        recent: Iterable[Incident],
        seqs: Mapping[tuple[str, str], int],
        secret: bytes,
        township: Township,
        timeline: Timeline,
        mail: Mails,
        sees: Sees,
        standing: Callable[[], Standing | None],
        changed: Callable[[], None],
    ) -> None:
        self._secret, self._township, self._timeline = secret, township, timeline
        self._mail, self._sees, self._standing, self._changed = mail, sees, standing, changed
        self._registry = township.registry
        self._windows: dict[str, tuple[tuple[Window, ...], tuple[Plan, ...]]] = {}
        self._correlator = remembered(
            recovery.desk, recovery.newest_incident_id, self._registry, self._registry.incident, self._in_window
        )
        self._memory = self._correlator.to_json()
        self._on_record: tuple[Incident, ...] = recovery.incidents
        self._orders_readable = recovery.book is not None
        self._book = recovery.book or WorkOrderBook()
        self._seqs: Seqs = _nested(seqs)
        self._recent = {incident.id: incident for incident in recent}
        self._acts: list[tuple[Act, asyncio.Future[Acted]]] = []
        self._behind = True  # a ledger from before there was a desk, or a lost memory
        self._rounds = Rounds()
        self._faults = 0
        self._rests_until_ms = 0
        self.shown = self._now(timeline.now_ms())
        """As of the newest batch on disk."""

    @property
    def waiting(self) -> bool:
        """Whether somebody acted and waits for the next batch, or something is due."""
        due_ms, now_ms = self._correlator.next_due_ms, self._timeline.now_ms()
        return bool(self._acts) or (due_ms is not None and max(due_ms, self._rests_until_ms) <= now_ms)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the board."""
        out = []
        if self._faults:
            out.append(
                f"值班台因程序错误漏掉 {self._faults} 批变化的告警，记录不受影响"
                f" / the duty desk failed at {self._faults} batches by our fault; the record is whole"
            )
        if not self._orders_readable:
            out.append("工单记录读不出，暂不开新单 / work orders on record cannot be read; none are opened")
        return tuple(out)

    def take(self, transitions: tuple[Transition, ...], now_ms: int) -> Work:
        """Return what belongs into the batch with these transitions. Never raises."""
        acts, self._acts = self._acts, []
        failed = Acted(done=False, zh="程序出错，没有登记", en="not taken, by a fault of the program")
        nothing = Work(shown=self.shown, answers=[Answer(future=future, acted=failed) for _, future in acts])
        if now_ms < self._rests_until_ms:
            return nothing
        try:
            return self._take(transitions, acts, now_ms)
        except Exception:  # noqa: BLE001 - whatever it is, samples are recorded
            _log.exception("desk_failed", transitions=len(transitions))
        self._faults += 1
        self._rests_until_ms = now_ms + REST_MS
        # Back to the newest state that worked; what was missed is seen next time.
        self._correlator = remembered(self._memory, None, self._registry, self._registry.incident, self._in_window)
        self._behind = True
        return nothing

    def stored(self, work: Work) -> None:
        """Send and show what is on disk now."""
        if work.letters:
            self._mail.sender.post(work.letters, work.quiet_until)
        self.shown = work.shown
        for answer in work.answers:
            if not answer.future.done():
                answer.future.set_result(answer.acted)
        if work.incidents or work.orders:
            self._changed()

    async def act(self, act: Act) -> Acted:
        """Take somebody's step with the next batch; returns when it is on disk, or was refused."""
        future: asyncio.Future[Acted] = asyncio.get_running_loop().create_future()
        self._acts.append((act, future))
        try:
            async with asyncio.timeout(ACT_WITHIN_S):
                return await asyncio.shield(future)
        except TimeoutError:
            zh, en = "磁盘还没有写下，请稍后查看是否已登记", "not on disk yet; look again whether it was taken"
            return Acted(done=False, zh=zh, en=en)

    def url_of(self, incident_id: str) -> str:
        """Return the address of an incident's phone page; empty where phones reach nothing."""
        public_url = self._registry.public_url
        return f"{public_url}/i/{token_of(self._secret, incident_id)}" if public_url else ""

    def _take(
        self, transitions: tuple[Transition, ...], acts: list[tuple[Act, asyncio.Future[Acted]]], now_ms: int
    ) -> Work:
        before, due_ms = self._book, self._correlator.next_due_ms
        work = Work(shown=self.shown)
        book = self._follow(work, before, self._enrolled(now_ms))
        book = self._follow(work, book, self._correlator.tick(now_ms))
        if self._behind:
            # The tracks are those after these transitions: what is not theirs was missed.
            events = self._correlator.fold(transitions, now_ms)
            missed = unseen(self._township.tracks(), self._correlator, now_ms)
            transitions = (*transitions, *missed)
            events += self._correlator.fold(missed, now_ms)
        else:
            events = self._correlator.fold(transitions, now_ms)
        if self._orders_readable and transitions:
            book, took = told_all(book, transitions)
            work.orders.extend(took)
        book = self._follow(work, book, events)
        for uplink in self._registry.uplinks:
            sees = self._sees(uplink.id)
            if sees is not None:
                book = self._follow(work, book, self._correlator.see(uplink.id, now_ms, sees=sees))
        for act, future in acts:
            done = do(act, self._correlator, book, now_ms, contractors=self._registry.contractors)
            work.orders.extend(done.steps)
            book = self._follow(work, done.book, done.events)
            work.answers.append(Answer(future=future, acted=done.acted))
        book, took = settle(book, now_ms)
        work.orders.extend(took)
        if self._orders_readable:
            book, took = self._rounds.open_due(book, self._registry, now_ms, secret=self._secret)
            work.orders.extend(took)
        seqs = self._letters(work, book, now_ms)
        self._keep(work, before, book, seqs, now_ms)
        if transitions or work.incidents or due_ms != self._correlator.next_due_ms:
            work.memory = self._memory = self._correlator.to_json()
        self._behind = False
        work.shown = self._now(now_ms)
        return work

    def _follow(self, work: Work, book: WorkOrderBook, events: tuple[IncidentEvent, ...]) -> WorkOrderBook:
        """Let orders react to what happened to incidents."""
        work.incidents.extend(events)
        if not self._orders_readable:
            return book
        contracts = contracts_of(self._registry)
        desk = reacting.Desk(
            registry=self._registry, policy=self._registry.service, policy_of=contracts, secret=self._secret
        )
        for event in events:
            reaction = reacting.react(book, event, desk)
            for refused in reaction.refused:
                _log.warning("order_step_refused", step=refused.event.step, reason=refused.reason)
            book = reaction.book
            work.orders.extend(reaction.steps)
        return book

    def _enrolled(self, now_ms: int) -> tuple[IncidentEvent, ...]:
        """Take over another register; at the start, let go of devices that left it while nothing ran."""
        registry = self._township.registry
        events: tuple[IncidentEvent, ...] = ()
        if self._on_record:
            events = orphans(self._on_record, self._correlator, now_ms)
            self._on_record = ()
        if registry is self._registry and not self._behind:
            return events
        if registry is not self._registry:
            self._mail.enrol(registry)
        self._registry, self._windows = registry, {}
        if not self._behind:
            self._correlator = remembered(
                self._correlator.to_json(), None, registry, registry.incident, self._in_window
            )
        return events + self._correlator.enrol(Graph.of(registry), now_ms)

    def _letters(self, work: Work, book: WorkOrderBook, now_ms: int) -> Seqs:
        """Word every step that people are to be told of, and what nobody reacted to in time."""
        registry, seqs = self._registry, self._seqs
        if not registry.channels:
            return seqs
        policy = registry.routing
        for event in work.incidents:
            scope = scope_of(own_part(event.incident), registry)
            told = told_of(event.incident, seqs, ended=event.incident.state is IncidentState.RESOLVED)
            found = targets(event, scope, policy, told=told, now_ms=now_ms)
            seqs = self._word(work, event, found, book, seqs)
        if not any(route.steps for route in policy.routes):
            return seqs
        for incident in self._correlator.incidents:
            scope, told = scope_of(own_part(incident), registry), told_of(incident, seqs, ended=True)
            for target in escalations(incident, scope, policy, told=told, now_ms=now_ms):
                event = IncidentEvent(at_ms=now_ms, happening=Happening.OPENED, incident=incident, tells=True)
                seqs = self._word(work, event, (target,), book, seqs)
        return seqs

    def _word(
        self, work: Work, event: IncidentEvent, found: tuple[Target, ...], book: WorkOrderBook, seqs: Seqs
    ) -> Seqs:
        if not found:
            return seqs
        brief = self._brief(event, book, escalation=max(target.level for target in found))
        channels = {channel.id: channel for channel in self._registry.channels}
        made = posting(brief, found, channels, seqs, now_ms=self._timeline.now_ms())
        for post in made.posts:
            work.letters.append(post.letter)
            if post.not_before_ms:
                work.quiet_until[post.letter.id] = post.not_before_ms
        return made.seqs

    def _brief(self, event: IncidentEvent, book: WorkOrderBook, *, escalation: int = 0) -> Brief:
        incident = event.incident
        return brief_of(
            event,
            Around(
                township=self._township,
                standing=self._standing(),
                timezone=timezone_of(self._registry),
                findings=self._township.findings,
            ),
            order=book.of_incident(incident.id),
            url=self.url_of(incident.id),
            escalation=escalation,
            into=book.of_incident(incident.merged_into) if incident.merged_into is not None else None,
        )

    def message(self, event: IncidentEvent, language: Language) -> str:
        """Return what a channel without markup is told of a step, with the names and figures of now."""
        return words(self._brief(event, self.shown.book), Style(language=language)).text

    def _keep(self, work: Work, before: WorkOrderBook, book: WorkOrderBook, seqs: Seqs, now_ms: int) -> None:
        """Make the batch's outcome the state: from here on nothing can fail any more."""
        work.watched = watched_since(before, book, work.orders)
        ended = {
            e.incident.id: e.incident
            for e in work.incidents
            if e.incident.state is IncidentState.RESOLVED and e.incident.opened_ms is not None
        }
        recent = {**self._recent, **ended}
        self._recent = {i: found for i, found in recent.items() if (found.resolved_ms or 0) >= now_ms - RECENT_MS}
        live = self._correlator.incidents
        wanted = {*self._recent, *(incident.id for incident in live)}
        wanted.update(i for incident in live for i in incident.absorbed)
        self._book, self._seqs = book, {i: known for i, known in seqs.items() if i in wanted}

    def _now(self, now_ms: int) -> Shown:
        return Shown(
            at_ms=now_ms,
            incidents=self._correlator.incidents,
            recent=self._recent,
            book=self._book,
            seqs=self._seqs,
        )

    def _in_window(self, device_id: str, at_ms: int) -> bool:
        found = self._windows.get(device_id)
        if found is None:
            registry, device = self._registry, self._registry.device_by_id.get(device_id)
            found = ((), ()) if device is None else (registry.windows_of(device), registry.plans_of(device))
            self._windows[device_id] = found
        windows, plans = found
        return any(at_ms in window.span for window in windows) or any(plan.holds(at_ms) for plan in plans)


def _nested(seqs: Mapping[tuple[str, str], int]) -> Seqs:
    out: dict[str, dict[str, int]] = {}
    for (incident_id, channel_id), seq in seqs.items():
        out.setdefault(incident_id, {})[channel_id] = seq
    return out
