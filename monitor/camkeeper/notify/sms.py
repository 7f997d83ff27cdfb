"""Short messages through an HTTP gateway: its fields and its word for success come from the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from camkeeper.message.short import length
from camkeeper.model.channel import SmsFormat, SmsSetting, SuccessRule
from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.notify.robot import with_query
from camkeeper.notify.secret import SecretSource, in_url, taken, without
from camkeeper.notify.wire import Line, Reply, Request, encoded, hopeless, refused

_PLACE = re.compile(r"\{(text|to|token|id)\}")
_SEARCHED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One gateway and its recipients; one request for all of them."""

    setting: SmsSetting
    secrets: SecretSource
    line: Line

    async def send(self, letter: Letter) -> Receipt:
        """Ask once; the success rule decides, whatever the status says."""
        held = taken(self.secrets, self.setting.token_ref)
        if isinstance(held, Receipt):
            return held
        request = self._request(letter, *held)
        reply = await self.line.exchange(request, self.setting.timeout_s)
        if isinstance(reply, Receipt):
            return reply
        said = self._judge(reply, request)
        if said.outcome is not Outcome.ACCEPTED:
            return said
        cost = length(letter.text)
        told = f"{said.detail} ({cost.characters} characters, {cost.segments} x {len(self.setting.to)} segments)"
        return Receipt(outcome=said.outcome, code=said.code, detail=told.strip())

    def _request(self, letter: Letter, token: str) -> Request:
        values = {"text": letter.text, "to": ",".join(self.setting.to), "token": token, "id": letter.id}
        fields = filled(self.setting.fields, values)
        headers = filled(self.setting.headers, {**values, "text": ""})
        url, body, method = self.setting.url, b"", "POST"
        if self.setting.form is SmsFormat.QUERY:
            url, method = with_query(url, urlencode(fields)), "GET"
        elif self.setting.form is SmsFormat.FORM:
            body = urlencode(fields).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **headers}
        else:
            body = encoded(fields)
            headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        return Request(url=url, body=body, headers=headers, method=method, secrets=(token,))

    def _judge(self, reply: Reply, request: Request) -> Receipt:
        early = hopeless(reply, request)
        if early is not None:
            return early
        if reply.status >= 300:
            return refused(reply, request)
        rule, hidden = self.setting.success, (*request.secrets, *in_url(self.setting.url))
        found = at(reply.json(), rule.path) if rule.path else None
        code = without("" if found is None else _plain(found), hidden)[:40]
        detail = without(reply.text[:_SEARCHED], hidden)
        if accepts(rule, reply, found):
            return Receipt(outcome=Outcome.ACCEPTED, code=code or str(reply.status), detail=detail)
        if rule.later and re.search(rule.later, reply.text[:_SEARCHED]):
            return Receipt(outcome=Outcome.RETRY, code=code, detail=detail, retry_after_s=60.0)
        return Receipt(outcome=Outcome.REFUSED, code=code or "no-success", detail=detail)


def filled(template: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields with their places filled, once: what is filled in is not read as a template again."""
    return {key: _PLACE.sub(lambda place: values[place[1]], text) for key, text in template.items()}


def accepts(rule: SuccessRule, reply: Reply, found: Any) -> bool:
    """Return whether the answer says accepted."""
    if rule.path:
        return found is not None and _plain(found) == rule.equals
    return bool(rule.matches) and re.search(rule.matches, reply.text[:_SEARCHED]) is not None


def at(value: Any, path: str) -> Any:
    """Return what lies at a dotted path of keys and places; None where nothing does."""
    for part in path.removeprefix("$.").split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _plain(value: Any) -> str:
    """Return a scalar as JSON writes it; `0` and `"0"` are the same word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | str) else ""
