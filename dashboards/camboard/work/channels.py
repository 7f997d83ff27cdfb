"""`/settings`: channels, how they fare, and a test letter whose answer is the platform's own."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard import form
from camboard.board import board_of
from camboard.desk.page import desk_of
from camboard.i18n import Language, span_words
from camboard.live import Live, at_words, page_of_live, write_live
from camboard.pages import fragment_response, language_of
from camboard.text import clock_time, plain
from camboard.words import mark
from camboard.work.photos import work_of
from camkeeper.model.channel import ChannelKind
from camkeeper.model.letter import Outcome
from camkeeper.standing.work import ChannelStanding, Tested

_KIND = {
    ChannelKind.WECOM: mark("企业微信机器人"),
    ChannelKind.DINGTALK: mark("钉钉机器人"),
    ChannelKind.FEISHU: mark("飞书机器人"),
    ChannelKind.SMTP: mark("邮件"),
    ChannelKind.WEBHOOK: mark("网络回调"),
    ChannelKind.SMS: mark("短信网关"),
    ChannelKind.APPRISE: "Apprise",
}
_OUTCOME = {
    Outcome.ACCEPTED.value: (mark("已送达"), "up", "●"),
    Outcome.RETRY.value: (mark("稍后重试"), "degraded", "▲"),
    Outcome.REFUSED.value: (mark("未送达，已放弃"), "down", "■"),
    "": (mark("还没有发过"), "unknown", "○"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One channel."""

    id: str
    address: str
    key: str
    name: str
    kind: str
    tone: str
    shape: str
    last: str
    last_at: str
    said: str
    subject: str
    waiting: int
    oldest: str
    failures: int
    paused: str
    dead: int
    tested: str
    """What the platform said to a test just now; empty: none was sent."""
    accepted: bool


async def settings(request: web.Request) -> web.Response:
    """`GET /settings`."""
    say = language_of(request)
    made = await _settings(request, say)
    if request.path.startswith("/fragments/"):
        return fragment_response(board_of(request), made.index, made.html)
    return page_of_live(request, "settingspage.html", made, say)


async def test(request: web.Request) -> web.Response:
    """`POST /settings/channels/{id}`: send a test letter; the page says what the platform answered."""
    board, say = board_of(request), language_of(request)
    desk_of(board)
    sent = await form.read(request, board)
    channel_id = request.match_info["id"]
    try:
        tested = await work_of(request).test_channel(channel_id)
    except LookupError:
        raise web.HTTPNotFound from None
    made = await _settings(request, say, by=sent.by, tested=(channel_id, tested))
    response = page_of_live(request, "settingspage.html", made, say)
    form.remember(response, sent.by)
    return response


async def _settings(
    request: web.Request, say: Language, *, by: str = "", tested: tuple[str, Tested] | None = None
) -> Live:
    board = board_of(request)
    _, now = desk_of(board)
    index = board.index()
    zone, now_ms = ZoneInfo(index.standing.timezone), index.standing.at_ms
    rows = []
    for channel in await work_of(request).channels():
        address = f"/settings/channels/{channel.id}"
        answer = tested[1] if tested is not None and tested[0] == channel.id else None
        rows.append(_row(channel, address, board.form_key(address), answer, now_ms, zone, say))
    values = {
        "rows": rows,
        "at": at_words(index),
        "open_count": len(now.open),
        "by": by or form.remembered(request),
        "summary": say("通知渠道 %(n)d 个", n=len(rows)),
    }
    return write_live(request, say, "settings.html", values, "/settings", "/fragments/settings")


def _row(
    channel: ChannelStanding,
    address: str,
    key: str,
    tested: Tested | None,
    now_ms: int,
    zone: ZoneInfo,
    say: Language,
) -> ChannelRow:
    word, tone, shape = _OUTCOME.get(channel.last_outcome, _OUTCOME[""])
    paused = channel.paused_until_ms if channel.paused_until_ms and channel.paused_until_ms > now_ms else None
    return ChannelRow(
        id=plain(channel.id),
        address=address,
        key=key,
        name=plain(channel.name),
        kind=say(_KIND[channel.kind]),
        tone=tone,
        shape=shape,
        last=say(word),
        last_at="" if channel.last_ms is None else clock_time(channel.last_ms, now_ms, zone),
        said=_said(channel.last_code, channel.last_detail),
        subject=plain(channel.last_subject),
        waiting=channel.waiting,
        oldest="" if channel.oldest_ms is None else span_words(now_ms - channel.oldest_ms, say),
        failures=channel.failures,
        paused="" if paused is None else clock_time(paused, now_ms, zone),
        dead=channel.dead,
        tested="" if tested is None else _said(tested.code, tested.detail) or say("没有说明"),
        accepted=tested is not None and tested.accepted,
    )


def _said(code: str, detail: str) -> str:
    return " · ".join(part for part in (plain(code), plain(detail, limit=300)) if part)
