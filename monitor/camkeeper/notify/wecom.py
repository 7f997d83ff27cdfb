"""企业微信 WeCom group robot: `errcode` in the body; 2,048 bytes of text, 4,096 of Markdown, 20 messages a minute."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from camkeeper.message.fit import cut
from camkeeper.model.channel import BotSetting
from camkeeper.model.letter import JSON, Letter, Receipt
from camkeeper.notify.robot import HEADERS, Codebook, receipt, with_query
from camkeeper.notify.secret import SecretSource, taken
from camkeeper.notify.wire import Line, Request, encoded

TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
# 45009 over 20 messages a minute, 45033 too many at once; -1 busy. 93000 is a wrong key, 40058 a message it won't take.
_BOOK = Codebook(
    code_keys=("errcode",), words_keys=("errmsg",), rate=frozenset({45009, 45033}), busy=frozenset({-1, 50001})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeCom:
    """One robot of one group."""

    setting: BotSetting
    secrets: SecretSource
    line: Line

    async def send(self, letter: Letter) -> Receipt:
        """Post once; the body's `errcode` decides."""
        held = taken(self.secrets, self.setting.token_ref)
        if isinstance(held, Receipt):
            return held
        (key,) = held
        url = with_query(self.setting.url, f"key={quote(key, safe='')}" if key else "")
        request = Request(url=url, body=encoded(self._message(letter)), headers=HEADERS, secrets=held)
        reply = await self.line.exchange(request, self.setting.timeout_s)
        return reply if isinstance(reply, Receipt) else receipt(reply, request, _BOOK)

    def _message(self, letter: Letter) -> dict[str, JSON]:
        if self.setting.markdown and letter.markdown:
            return {"msgtype": "markdown", "markdown": {"content": cut(letter.markdown, MARKDOWN_BYTES)}}
        return {"msgtype": "text", "text": {"content": cut(letter.text, TEXT_BYTES)}}
