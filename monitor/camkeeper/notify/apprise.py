"""Everything else, through the optional package Apprise: it calls a message sent when the platform answered 200."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import dataclass
from typing import Any

from camkeeper.model.channel import AppriseSetting
from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.notify.secret import SecretSource, taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Apprise:
    """One of Apprise's addresses."""

    setting: AppriseSetting
    secrets: SecretSource

    async def send(self, letter: Letter) -> Receipt:
        """Hand it over once. `code` says whose word it is: not the platform's."""
        held = taken(self.secrets, self.setting.secret_ref)
        if isinstance(held, Receipt):
            return held
        try:
            library: Any = importlib.import_module("apprise")
        except ImportError:
            return Receipt(outcome=Outcome.REFUSED, code="not-installed", detail="pip install 'camkeeper[apprise]'")
        sender = library.Apprise()
        if not sender.add(held[0]):
            return Receipt(outcome=Outcome.REFUSED, code="url", detail="apprise")
        try:
            async with asyncio.timeout(self.setting.timeout_s):
                sent = await sender.async_notify(body=letter.text, title=letter.subject, body_format="text")
        except TimeoutError:
            return Receipt(outcome=Outcome.RETRY, code="timeout", detail=f"{self.setting.timeout_s:g} s")
        return Receipt(outcome=Outcome.ACCEPTED if sent else Outcome.RETRY, code="apprise", detail="")
