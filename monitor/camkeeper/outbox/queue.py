"""What waits for one channel, and what is to be done next. A fold: no clock, no await.

Order: a letter waits for the earlier ones of its incident, whatever else goes on; letters of other incidents go by.
One attempt at a time: so whoever kills the monitor between sending and noting it repeats one letter, not many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.post import LetterState, Post
from camkeeper.outbox.backoff import asked_ms, channel_pause_ms, letter_pause_ms
from camkeeper.outbox.bucket import MINUTE_MS, Bucket, free_ms, take, taken
from camkeeper.outbox.digest import incidents_in, is_digest, weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One channel."""

    channel_id: str
    pace: ChannelPace
    posts: tuple[Post, ...] = ()
    """What waits, in the order of queueing; digests first, because what they stand for is older."""
    under_way: str | None = None
    """The letter that the channel is being handed."""
    bucket: Bucket = field(default_factory=Bucket)
    recent_ms: tuple[int, ...] = ()
    """Letters tried within the last minute, a digest once for each of its letters: a flood lasts while digests go."""
    failures: int = 0
    """In a row."""
    paused_until_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Hand this letter to the channel now."""

    letter: Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Make a digest of these, in this order."""

    letters: tuple[Letter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing before this instant, unless something is posted."""

    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Nothing until something is posted or answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is to be noted of a letter."""

    letter_id: str
    state: LetterState
    due_ms: int = 0


Decision = Send | Bundle | Wait | Nothing


def posted(queue: Queue, posts: Iterable[Post]) -> Queue:
    """Take in letters. One that waits already is not taken twice; what was under way at a kill counts as waiting."""
    known = {post.letter.id for post in queue.posts}
    fresh: dict[str, Post] = {}
    for post in posts:
        if post.letter.id not in known and not post.state.is_final and post.state is not LetterState.BUNDLED:
            state = LetterState.RETRY if post.state is LetterState.SENDING else post.state
            fresh.setdefault(post.letter.id, replace(post, state=state))
    every = (*queue.posts, *fresh.values())
    return replace(queue, posts=tuple(sorted(every, key=lambda post: not is_digest(post.letter))))


def remembered(queue: Queue, tried_ms: Iterable[int]) -> Queue:
    """Count attempts made before a restart: a limit of rate outlives it."""
    for at_ms in sorted(tried_ms):
        queue = replace(
            queue, bucket=taken(queue.bucket, queue.pace, at_ms), recent_ms=_recent((*queue.recent_ms, at_ms), at_ms)
        )
    return queue


def decide(queue: Queue, now_ms: int) -> Decision:
    """Return what is to be done now."""
    if queue.under_way is not None or not queue.posts:
        return Nothing()
    open_posts = tuple(_unblocked(queue.posts))
    due_ms = min(post.due_ms for post in open_posts)
    earliest_ms = max(due_ms, queue.paused_until_ms, free_ms(queue.bucket, queue.pace))
    if now_ms < earliest_ms:
        return Wait(until_ms=earliest_ms)
    ready = [post for post in open_posts if post.due_ms <= now_ms]
    first = min(ready, key=lambda post: _rank(post, queue))
    if not first.letter.incident_id or first.tries or not _is_crowded(queue, now_ms):
        return Send(letter=first.letter)
    return _together(queue, now_ms)


def _rank(post: Post, queue: Queue) -> tuple[bool, int]:
    """The least tried first: letters take turns, and one that the platform chokes on comes last.

    While a platform is away it is asked with letters that were tried already: the others can still go into digests.
    """
    return queue.failures > 0 and post.tries == 0, post.tries


def _together(queue: Queue, now_ms: int) -> Decision:
    """Too many in a minute: a full digest goes now, any other when it waited for more."""
    ready = tuple(_foldable(queue.posts, now_ms))[: queue.pace.digest_max]
    until_ms = max(queue.recent_ms, default=0) + round(queue.pace.digest_wait_s * 1000)
    if now_ms < until_ms and len(ready) < queue.pace.digest_max:
        return Wait(until_ms=until_ms)
    if len(ready) == 1:
        return Send(letter=ready[0].letter)
    return Bundle(letters=tuple(post.letter for post in ready))


def _is_crowded(queue: Queue, now_ms: int) -> bool:
    most = queue.pace.digest_over
    if sum(at_ms > now_ms - MINUTE_MS for at_ms in queue.recent_ms) >= most:
        return True
    return queue.failures > 0 and sum(1 for _ in _foldable(queue.posts, now_ms)) > most


def _unblocked(posts: Sequence[Post]) -> Iterator[Post]:
    """Yield the posts that no other one of the same incident comes before."""
    taken_by: set[str] = set()
    for post in posts:
        about = incidents_in(post.letter)
        if taken_by.isdisjoint(about):
            yield post
        taken_by |= about


def _foldable(posts: Sequence[Post], now_ms: int) -> Iterator[Post]:
    """Yield what may go into a digest now: of each incident its letters in order, until one that may not.

    A letter that was tried goes again under its own id: nobody knows whether the first attempt arrived after all.
    """
    blocked: set[str] = set()
    for post in posts:
        about = incidents_in(post.letter)
        if not post.letter.incident_id or post.tries or post.due_ms > now_ms or not blocked.isdisjoint(about):
            blocked |= about
        else:
            yield post


def bundled(queue: Queue, digest: Letter, letters: Iterable[Letter]) -> Queue:
    """Put a digest in the place of the letters that it stands for."""
    gone = {letter.id for letter in letters}
    rest = replace(queue, posts=tuple(post for post in queue.posts if post.letter.id not in gone))
    return posted(rest, [Post(letter=digest)])


def began(queue: Queue, letter_id: str, now_ms: int) -> tuple[Queue, Mark]:
    """An attempt begins: it takes a token and counts as a try. KeyError where the letter does not wait."""
    found = next((post.letter for post in queue.posts if post.letter.id == letter_id), None)
    if found is None:
        raise KeyError(f"{queue.channel_id}: {letter_id} does not wait")
    posts = tuple(
        replace(post, state=LetterState.SENDING, tries=post.tries + 1, tried_ms=now_ms)
        if post.letter.id == letter_id
        else post
        for post in queue.posts
    )
    queue = replace(
        queue,
        posts=posts,
        under_way=letter_id,
        bucket=take(queue.bucket, queue.pace, now_ms),
        recent_ms=_recent((*queue.recent_ms, *[now_ms] * weight(found)), now_ms),
    )
    return queue, Mark(letter_id=letter_id, state=LetterState.SENDING)


def answered(queue: Queue, receipt: Receipt, now_ms: int) -> tuple[Queue, Mark]:
    """The attempt under way ended; ValueError where there was none."""
    post = next((p for p in queue.posts if p.letter.id == queue.under_way), None)
    if post is None:
        raise ValueError(f"{queue.channel_id}: an answer, and nothing was asked")
    queue = replace(queue, under_way=None)
    if receipt.outcome is Outcome.RETRY:
        failures = queue.failures + 1
        pause_ms = channel_pause_ms(queue.channel_id, failures, queue.pace, receipt)
        queue = replace(queue, failures=failures, paused_until_ms=now_ms + pause_ms)
        if post.tries < queue.pace.max_tries:
            due_ms = now_ms + letter_pause_ms(post.letter.id, post.tries, queue.pace, receipt)
            again = replace(
                post, state=LetterState.RETRY, due_ms=due_ms, code=receipt.code, detail=receipt.detail, marked_ms=now_ms
            )
            posts = tuple(again if p is post else p for p in queue.posts)
            return replace(queue, posts=posts), Mark(letter_id=post.letter.id, state=again.state, due_ms=due_ms)
    else:
        # A platform that answers is there, even where it will not have this letter.
        pause_ms = asked_ms(receipt, queue.pace)
        queue = replace(queue, failures=0, paused_until_ms=now_ms + pause_ms)
    state = LetterState.DELIVERED if receipt.outcome is Outcome.ACCEPTED else LetterState.DEAD
    queue = replace(queue, posts=tuple(p for p in queue.posts if p is not post))
    return queue, Mark(letter_id=post.letter.id, state=state)


def oldest_ms(queue: Queue, now_ms: int) -> int | None:
    """Return since when the oldest letter waits that could have gone (not one that quiet hours hold back)."""
    waiting = (post.letter.created_ms for post in queue.posts if post.tries or post.due_ms <= now_ms)
    return min(waiting, default=None)


def _recent(times_ms: Sequence[int], now_ms: int) -> tuple[int, ...]:
    return tuple(at_ms for at_ms in times_ms if at_ms > now_ms - MINUTE_MS)
