"""A channel, a disk and kills without any clock: what the fold decides, played out."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.post import WAITING, LetterState, Post
from camkeeper.outbox.digest import digest_of, is_digest
from camkeeper.outbox.queue import (
    Bundle,
    Mark,
    Queue,
    Send,
    Wait,
    answered,
    began,
    bundled,
    decide,
    posted,
    remembered,
)

ACCEPTED = Receipt(outcome=Outcome.ACCEPTED, code="0")
RETRY = Receipt(outcome=Outcome.RETRY, code="500")
REFUSED = Receipt(outcome=Outcome.REFUSED, code="93000")


def letter(incident: str, seq: int, *, created_ms: int = 0, recovery: bool = False, channel: str = "ch") -> Letter:
    return Letter(
        id=f"{incident}/{channel}/{seq}",
        incident_id=incident,
        seq=seq,
        channel_id=channel,
        subject=f"【离线】{incident} 第{seq}条",
        text=f"{incident} {seq}",
        created_ms=created_ms,
        recovery=recovery,
    )


@dataclass
class Disk:
    """What the ledger would have, by the same rules."""

    posts: dict[str, Post] = field(default_factory=dict)

    def queue(self, letters: Iterable[Letter]) -> None:
        for one in letters:
            self.posts.setdefault(one.id, Post(letter=one))

    def mark(self, mark: Mark, at_ms: int) -> None:
        post = self.posts[mark.letter_id]
        tries = post.tries + (mark.state is LetterState.SENDING)
        tried_ms = at_ms if mark.state is LetterState.SENDING else post.tried_ms
        self.posts[mark.letter_id] = replace(post, state=mark.state, tries=tries, due_ms=mark.due_ms, tried_ms=tried_ms)
        if mark.state.is_final:
            for key, member in self.posts.items():
                if member.digest_id == mark.letter_id:
                    self.posts[key] = replace(member, state=mark.state)

    def bundle(self, digest: Letter, letters: Iterable[Letter]) -> None:
        self.queue([digest])
        for one in letters:
            self.posts[one.id] = replace(self.posts[one.id], state=LetterState.BUNDLED, digest_id=digest.id)

    def waiting(self) -> list[Post]:
        return [post for post in self.posts.values() if post.state in WAITING]

    def tried_ms(self) -> list[int]:
        return [post.tried_ms for post in self.posts.values() if post.tried_ms is not None]


@dataclass
class Play:
    """One channel's life."""

    pace: ChannelPace
    answer: Callable[[Letter, int], Receipt]
    kills: Sequence[int] = ()
    """At these attempts (counted from 0) the process dies after the platform answered, before that is noted."""
    took_ms: int = 20
    disk: Disk = field(default_factory=Disk)
    attempts: list[tuple[int, Letter]] = field(default_factory=list)
    accepted: list[tuple[int, Letter]] = field(default_factory=list)
    decisions: int = 0

    def run(self, arrivals: Mapping[int, Sequence[Letter]], *, until_ms: int = 10**9) -> None:
        queue, now_ms = Queue(channel_id="ch", pace=self.pace), 0
        times = list(arrivals)
        heapq.heapify(times)
        while now_ms <= until_ms:
            while times and times[0] <= now_ms:
                found = arrivals[heapq.heappop(times)]
                self.disk.queue(found)
                queue = posted(queue, (Post(letter=one) for one in found))
            self.decisions += 1
            match decide(queue, now_ms):
                case Send(letter=one):
                    queue, now_ms = self._attempt(queue, one, now_ms)
                case Bundle(letters=found):
                    digest = digest_of(found, self.pace, now_ms)
                    self.disk.bundle(digest, found)
                    queue = bundled(queue, digest, found)
                case Wait(until_ms=wanted):
                    assert wanted > now_ms
                    now_ms = min(wanted, times[0]) if times else wanted
                case _:
                    if not times:
                        return
                    now_ms = times[0]

    def _attempt(self, queue: Queue, one: Letter, now_ms: int) -> tuple[Queue, int]:
        n = len(self.attempts)
        queue, mark = began(queue, one.id, now_ms)
        self.disk.mark(mark, now_ms)
        self.attempts.append((now_ms, one))
        receipt = self.answer(one, n)
        now_ms += self.took_ms
        if receipt.outcome is Outcome.ACCEPTED:
            self.accepted.append((now_ms, one))
        if n in self.kills:
            fresh = Queue(channel_id="ch", pace=self.pace)
            fresh = remembered(fresh, [at for at in self.disk.tried_ms() if at > now_ms - 60_000])
            return posted(fresh, self.disk.waiting()), now_ms
        queue, mark = answered(queue, receipt, now_ms)
        self.disk.mark(mark, now_ms)
        return queue, now_ms

    def told(self) -> list[str]:
        """Ids of letters in the order in which people learned of them, a digest's letters in its order."""
        out: list[str] = []
        for _, one in self.accepted:
            members = one.facts["letter_ids"] if is_digest(one) else [one.id]
            assert isinstance(members, list)
            out.extend(map(str, members))
        return out
