"""Channels for the settings page: how each fares, and a test letter outside the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from camkeeper.clock import Timeline
from camkeeper.message import style_of, trial
from camkeeper.model.channel import AnyChannel
from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.model.post import LetterState, Post
from camkeeper.model.registry import Registry
from camkeeper.outbox.view import ChannelView
from camkeeper.run.sender import Sender
from camkeeper.standing.build import timezone_of
from camkeeper.standing.work import ChannelStanding, Tested

TEST_EVERY_MS = 30_000
"""A channel's letters go at up to 15 a minute; WeCom and DingTalk cut a robot off at 20."""
_OUTCOME = {
    LetterState.DELIVERED: Outcome.ACCEPTED,
    LetterState.DEAD: Outcome.REFUSED,
    LetterState.RETRY: Outcome.RETRY,
}


class Trials:
    """Test letters, not more than one in half a minute to a channel. One owner, the event loop."""

    def __init__(self, *, sender: Sender, timeline: Timeline) -> None:
        self._sender, self._timeline = sender, timeline
        self._sent_ms: dict[str, int] = {}

    async def send(self, channel_id: str, registry: Registry) -> Tested:
        """Try once, now; LookupError for a channel that is not configured."""
        setting = next((c for c in registry.channels if c.id == channel_id), None)
        if setting is None:
            raise LookupError(channel_id)
        now_ms = self._timeline.now_ms()
        since_ms = now_ms - self._sent_ms.get(channel_id, now_ms - TEST_EVERY_MS)
        if 0 <= since_ms < TEST_EVERY_MS:
            wait_s = -(-(TEST_EVERY_MS - since_ms) // 1000)
            return Tested(accepted=False, code="wait", detail=f"请 {wait_s} 秒后再试 / wait {wait_s} s")
        self._sent_ms[channel_id] = now_ms
        receipt: Receipt = await self._sender.try_out(letter_for(setting, registry, now_ms))
        return Tested(accepted=receipt.outcome is Outcome.ACCEPTED, code=receipt.code, detail=receipt.detail)


def letter_for(setting: AnyChannel, registry: Registry, now_ms: int) -> Letter:
    """Return a test letter: it says of itself that it is none."""
    said = trial(
        name=registry.name,
        channel=setting.name or setting.id,
        at_ms=now_ms,
        timezone=timezone_of(registry),
        style=style_of(setting),
    )
    return Letter(
        id=f"test-{now_ms}",
        incident_id="TEST",
        seq=1,
        channel_id=setting.id,
        subject=said.subject,
        text=said.text,
        markdown=said.markdown,
        facts=said.facts,
        created_ms=now_ms,
    )


def channels_of(
    registry: Registry, views: Iterable[ChannelView], last: Mapping[str, Post], dead: Mapping[str, int]
) -> tuple[ChannelStanding, ...]:
    """Return every configured channel. `last`: newest letter tried, by channel; `dead`: how many were given up."""
    by_id = {view.channel_id: view for view in views}
    return tuple(_channel(c, by_id.get(c.id), last.get(c.id), dead.get(c.id, 0)) for c in registry.channels)


def _channel(setting: AnyChannel, view: ChannelView | None, last: Post | None, dead: int) -> ChannelStanding:
    outcome = None if last is None else _OUTCOME.get(last.state)
    return ChannelStanding(
        id=setting.id,
        name=setting.name,
        kind=setting.kind,
        waiting=0 if view is None else view.waiting,
        oldest_ms=None if view is None else view.oldest_ms,
        failures=0 if view is None else view.failures,
        paused_until_ms=view.paused_until_ms or None if view is not None else None,
        dead=dead,
        last_ms=None if last is None else last.tried_ms,
        last_outcome="" if outcome is None else outcome.value,
        last_code="" if last is None else last.code,
        last_detail="" if last is None else last.detail,
        last_subject="" if last is None else last.letter.subject,
    )
