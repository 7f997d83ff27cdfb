"""钉钉 DingTalk custom robot: `errcode` in the body, signature in the address, 20,000 bytes, 20 messages a minute."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote

from camkeeper.model.channel import BotSetting
from camkeeper.model.letter import JSON, Letter, Receipt
from camkeeper.notify.robot import HEADERS, Codebook, receipt, with_query, within
from camkeeper.notify.secret import SecretSource, taken
from camkeeper.notify.wire import Line, Request

BODY_BYTES = 20_000
# 130101 and 410100: too fast. The documents say that ten minutes' silence follows the 21st message of a minute; asking
# once a minute costs nothing and notices an earlier end. 310000: keyword, signature or address of the sender.
_BOOK = Codebook(
    code_keys=("errcode",), words_keys=("errmsg",), rate=frozenset({130101, 410100}), busy=frozenset({-1, 34015})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DingTalk:
    """One robot of one group."""

    setting: BotSetting
    secrets: SecretSource
    line: Line

    async def send(self, letter: Letter) -> Receipt:
        """Post once; the body's `errcode` decides."""
        held = taken(self.secrets, self.setting.token_ref, self.setting.secret_ref)
        if isinstance(held, Receipt):
            return held
        token, secret = held
        query = [f"access_token={quote(token, safe='')}"] if token else []
        if secret:
            timestamp_ms = self.line.clock.wall_ms()
            sign = signature(secret, timestamp_ms)
            query += [f"timestamp={timestamp_ms}", f"sign={quote(sign, safe='')}"]
        request = Request(
            url=with_query(self.setting.url, "&".join(query)),
            body=self._body(letter),
            headers=HEADERS,
            secrets=held,
        )
        reply = await self.line.exchange(request, self.setting.timeout_s)
        return reply if isinstance(reply, Receipt) else receipt(reply, request, _BOOK)

    def _body(self, letter: Letter) -> bytes:
        if self.setting.markdown and letter.markdown:

            def marked(text: str) -> JSON:
                return {"msgtype": "markdown", "markdown": {"title": letter.subject, "text": text}}

            return within(marked, letter.markdown, BODY_BYTES)
        return within(lambda text: {"msgtype": "text", "text": {"content": text}}, letter.text, BODY_BYTES)


def signature(secret: str, timestamp_ms: int) -> str:
    """Return base64 of HMAC-SHA256 over `timestamp LF secret`, keyed by the secret; not yet encoded for an address."""
    mac = hmac.new(secret.encode(), f"{timestamp_ms}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()
