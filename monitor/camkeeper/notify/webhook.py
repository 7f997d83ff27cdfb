"""Any program that takes Alertmanager's payload: signed, dated, with an id that stays the same at every attempt."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from camkeeper.message.alertmanager import payload
from camkeeper.model.channel import WebhookSetting
from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.notify.secret import SecretSource, in_url, taken, without
from camkeeper.notify.wire import Line, Request, encoded, hopeless, refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One receiver."""

    setting: WebhookSetting
    secrets: SecretSource
    line: Line

    async def send(self, letter: Letter) -> Receipt:
        """Post once; the receiver has no body to speak of, 2xx is its word."""
        held = taken(self.secrets, self.setting.token_ref, self.setting.secret_ref)
        if isinstance(held, Receipt):
            return held
        token, secret = held
        body = encoded(payload(letter))
        timestamp_s = self.line.clock.wall_ms() // 1000
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": letter.id,
            "X-Camkeeper-Timestamp": str(timestamp_s),
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if secret:
            headers["X-Camkeeper-Signature"] = f"sha256={signature(secret, timestamp_s, body)}"
        request = Request(url=self.setting.url, body=body, headers=headers, secrets=held)
        reply = await self.line.exchange(request, self.setting.timeout_s)
        if isinstance(reply, Receipt):
            return reply
        early = hopeless(reply, request)
        if early is not None:
            return early
        if reply.status >= 300:
            return refused(reply, request)
        words = without(reply.text[:4096], (*held, *in_url(request.url)))
        return Receipt(outcome=Outcome.ACCEPTED, code=str(reply.status), detail=words)


def signature(secret: str, timestamp_s: int, body: bytes) -> str:
    """Return hex of HMAC-SHA256 over `timestamp . body`: an old body cannot be sent again under a new date."""
    return hmac.new(secret.encode(), str(timestamp_s).encode() + b"." + body, hashlib.sha256).hexdigest()
