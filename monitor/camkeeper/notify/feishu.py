"""飞书 Feishu (Lark) custom robot: `code` in the body, the signature in the message, 20 KiB, 100 messages a minute."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from urllib.parse import quote

from camkeeper.model.channel import BotSetting
from camkeeper.model.letter import JSON, Letter, Outcome, Receipt
from camkeeper.notify.robot import HEADERS, Codebook, receipt, within
from camkeeper.notify.secret import SecretSource, taken
from camkeeper.notify.wire import Line, Request

BODY_BYTES = 20_000
_MALFORMED = 9499
# 11232 and 230020: too fast (seen on the full and the half hour, when everybody's reports go out). 19021: signature or
# clock, 19022: address of the sender, 19024: keyword, 19001: no such robot. Older gateways answer with `StatusCode`.
_BOOK = Codebook(
    code_keys=("code", "StatusCode"),
    words_keys=("msg", "StatusMessage"),
    rate=frozenset({_MALFORMED, 11232, 11233, 230020, 230006, 99991400}),
    busy=frozenset({-1, 2200, 1000, 5000}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feishu:
    """One robot of one group."""

    setting: BotSetting
    secrets: SecretSource
    line: Line

    async def send(self, letter: Letter) -> Receipt:
        """Post once; the body's `code` decides."""
        held = taken(self.secrets, self.setting.token_ref, self.setting.secret_ref)
        if isinstance(held, Receipt):
            return held
        token, secret = held
        url = self.setting.url
        if token:
            path, mark, query = url.partition("?")
            url = f"{path.rstrip('/')}/{quote(token, safe='')}{mark}{query}"
        request = Request(url=url, body=self._body(letter, secret), headers=HEADERS, secrets=held)
        reply = await self.line.exchange(request, self.setting.timeout_s)
        if isinstance(reply, Receipt):
            return reply
        said = receipt(reply, request, _BOOK)
        if said.code == str(_MALFORMED) and "bad request" in said.detail.lower():
            # One number for two things: too many requests, and a body that it cannot read.
            return replace(said, outcome=Outcome.REFUSED, retry_after_s=None)
        return said

    def _body(self, letter: Letter, secret: str) -> bytes:
        proof: dict[str, JSON] = {}
        if secret:
            timestamp_s = self.line.clock.wall_ms() // 1000
            proof = {"timestamp": str(timestamp_s), "sign": signature(secret, timestamp_s)}
        if self.setting.markdown and letter.markdown:
            first, _, rest = letter.markdown.partition("\n")
            colour = "green" if letter.recovery else "red"
            return within(lambda text: {**proof, **_card(letter.subject, text, colour)}, rest or first, BODY_BYTES)
        return within(lambda text: {**proof, "msg_type": "text", "content": {"text": text}}, letter.text, BODY_BYTES)


def _card(title: str, text: str, colour: str) -> dict[str, JSON]:
    """Return a card of the first format, which clients of all ages show."""
    header: dict[str, JSON] = {"template": colour, "title": {"tag": "plain_text", "content": title}}
    card: dict[str, JSON] = {
        "config": {"wide_screen_mode": True},
        "header": header,
        "elements": [{"tag": "markdown", "content": text}],
    }
    return {"msg_type": "interactive", "card": card}


def signature(secret: str, timestamp_s: int) -> str:
    """Return base64 of HMAC-SHA256 over nothing, keyed by `timestamp LF secret` (DingTalk has it the other way)."""
    mac = hmac.new(f"{timestamp_s}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()
