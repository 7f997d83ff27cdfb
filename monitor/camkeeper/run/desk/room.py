"""The desk as the board asks for it, and how it comes to be at the start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from camkeeper.clock import Timeline
from camkeeper.ledger import Ledger, LedgerReader, Recovery
from camkeeper.model.channel import Language
from camkeeper.model.incident import Incident, IncidentEvent, IncidentState
from camkeeper.model.post import LetterState, Post
from camkeeper.model.span import Span
from camkeeper.run.desk.desk import RECENT_MS, Desk, Sees
from camkeeper.run.desk.token import incident_of, secret_of, token_of
from camkeeper.run.desk.view import DEAD_SHOWN, desk_of, view_of
from camkeeper.run.desk.work import Mails
from camkeeper.run.township import Township
from camkeeper.standing.desk import Act, Acted, DeskStanding, IncidentStory, IncidentView
from camkeeper.standing.view import Standing


class DeskRoom:
    """Shows what is on disk, and takes what people do. One owner, the event loop; the ledger is read in threads."""

    def __init__(self, *, desk: Desk, mail: Mails, ledger: Path, secret: bytes, township: Township) -> None:
        self._desk, self._mail, self._ledger, self._secret = desk, mail, ledger, secret
        self._township = township
        self._dead: tuple[Post, ...] = ()
        self._built: DeskStanding | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the board."""
        return self._desk.warnings

    def desk(self) -> DeskStanding:
        """Return the newest desk; built anew only where a batch came since."""
        shown = self._desk.shown
        if self._built is None or self._built.at_ms != shown.at_ms:
            waiting = sum(view.waiting for view in self._mail.sender.views())
            self._built = desk_of(shown, self._township.registry, self._dead, waiting=waiting)
        return self._built

    async def refresh(self) -> None:
        """Read again which letters no channel took."""
        self._dead = await asyncio.to_thread(self._read_dead)

    async def story(self, incident_id: str) -> IncidentStory:
        """Return everything that happened to one incident; LookupError for one that never was."""
        events = await asyncio.to_thread(partial(self._read_events, incident_id))
        if not events:
            raise LookupError(f"没有事件 {incident_id} / there is no incident {incident_id}")
        shown = self._desk.shown
        view = view_of(events[-1].incident, shown, self._township.registry, undelivered=self._undelivered(incident_id))
        told = next((event for event in reversed(events) if event.tells), events[-1])
        return IncidentStory(
            view=view,
            events=events,
            steps=view.order.history if view.order is not None else (),
            message_zh=self._desk.message(told, Language.ZH),
            message_en=self._desk.message(told, Language.EN),
            phone_token=token_of(self._secret, incident_id) if self._known(incident_id) is not None else "",
        )

    def by_token(self, token: str) -> IncidentView | None:
        """Return the incident whose phone page has this token, open or ended lately; None for any other text."""
        incident_id = incident_of(self._secret, token)
        incident = None if incident_id is None else self._known(incident_id)
        if incident is None:
            return None
        undelivered = self._undelivered(incident.id)
        shown = self._desk.shown
        view = view_of(incident, shown, self._township.registry, undelivered=undelivered)
        # Somebody merged what the letter was of: its order goes on by itself where it had been accepted.
        kept = shown.book.of_incident(incident_id) if incident_id is not None else None
        return replace(view, order=kept) if kept is not None and kept.state.live else view

    def _known(self, incident_id: str) -> Incident | None:
        """Return an incident that is open or ended lately; for one that people merged, what it went into."""
        shown = self._desk.shown
        everything = (*shown.incidents, *shown.recent.values())
        found = next((i for i in everything if i.id == incident_id), None)
        return found or next((i for i in everything if incident_id in i.absorbed), None)

    async def act(self, act: Act) -> Acted:
        """Take somebody's step."""
        return await self._desk.act(act)

    def _undelivered(self, incident_id: str) -> int:
        return sum(post.letter.incident_id == incident_id for post in self._dead)

    def _read_dead(self) -> tuple[Post, ...]:
        with LedgerReader(self._ledger) as reader:
            return reader.letters({LetterState.DEAD}, limit=DEAD_SHOWN)

    def _read_events(self, incident_id: str) -> tuple[IncidentEvent, ...]:
        with LedgerReader(self._ledger) as reader:
            return reader.incident_events(incident_id)


def open_desk(
    *,
    ledger: Ledger,
    recovery: Recovery,
    township: Township,
    timeline: Timeline,
    mail: Mails,
    sees: Sees,
    standing: Callable[[], Standing | None],
    changed: Callable[[], None],
) -> tuple[Desk, DeskRoom]:
    """Go on with the desk as the ledger has it. OSError where its secret cannot be kept."""
    secret = secret_of(ledger.path)
    now_ms = timeline.now_ms()
    with LedgerReader(ledger.path) as reader:
        lately = reader.incidents(period=Span(start_ms=now_ms - RECENT_MS, end_ms=now_ms + 1))
        seqs = reader.letter_seqs(i for incident in lately for i in (incident.id, *incident.absorbed))
    ended = [i for i in lately if i.state is IncidentState.RESOLVED and i.opened_ms is not None]
    desk = Desk(
        recovery=recovery,
        recent=ended,
        seqs=seqs,
        secret=secret,
        township=township,
        timeline=timeline,
        mail=mail,
        sees=sees,
        standing=standing,
        changed=changed,
    )
    return desk, DeskRoom(desk=desk, mail=mail, ledger=ledger.path, secret=secret, township=township)
