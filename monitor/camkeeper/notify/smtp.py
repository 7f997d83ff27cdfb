"""Mail: UTF-8, plain text with an HTML part, one recipient's refusal told beside the others' success."""

from __future__ import annotations

import asyncio
import html
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib

from camkeeper.clock import Clock
from camkeeper.message.clean import clean
from camkeeper.model.channel import Security, SmtpSetting
from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.notify.secret import SecretSource, taken, without

_SUBJECT_CHARACTERS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """One server and its recipients."""

    setting: SmtpSetting
    secrets: SecretSource
    clock: Clock

    async def send(self, letter: Letter) -> Receipt:
        """Hand the mail over once; the server's reply decides."""
        held = taken(self.secrets, self.setting.secret_ref)
        if isinstance(held, Receipt):
            return held
        try:
            async with asyncio.timeout(self.setting.timeout_s):
                return await self._deliver(letter, *held)
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            return _answered(error, held)
        except (aiosmtplib.SMTPException, OSError) as error:  # TimeoutError and ssl.SSLError are of OSError too
            return _unanswered(error, self.setting.timeout_s, held)

    async def _deliver(self, letter: Letter, password: str) -> Receipt:
        setting = self.setting
        client = aiosmtplib.SMTP(
            hostname=setting.host,
            port=setting.port,
            timeout=setting.timeout_s,
            use_tls=setting.security is Security.TLS,
            start_tls=setting.security is Security.STARTTLS,
            # By default the machine's own name is looked up, which waits for a name server that may not be there.
            local_hostname=_domain(setting.sender),
        )
        try:
            await client.connect()
            if setting.user:
                await client.login(setting.user, password)
            mail = message(letter, setting, self.clock.wall_ms())
            refused, words = await client.sendmail(setting.sender, list(setting.to), mail.as_bytes())
        finally:
            client.close()
        detail = without(words, (password,))
        if refused:
            # Those who took it would get it again, so it counts as sent; who did not is told.
            others = "; ".join(f"{address}: {reply.code} {reply.message}" for address, reply in refused.items())
            detail = f"{without(others, (password,))}; {detail}"
        return Receipt(outcome=Outcome.ACCEPTED, code="250", detail=detail)


def message(letter: Letter, setting: SmtpSetting, now_ms: int) -> EmailMessage:
    """Return the mail. Headers hold cleaned single lines only: nothing in a name can start another header."""
    domain = _domain(setting.sender)
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["Subject"] = clean(letter.subject, limit=_SUBJECT_CHARACTERS)
    mail["From"] = setting.sender
    mail["To"] = ", ".join(setting.to)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now_ms / 1000, UTC))
    # The same at every attempt, so that a server may drop the second; one thread for an incident.
    mail["Message-ID"] = f"<{_token(letter.id)}@{domain}>"
    mail["References"] = f"<{_token(letter.incident_id)}.incident@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text + "\n", subtype="plain", charset="utf-8", cte="base64")
    mail.add_alternative(as_html(letter.text), subtype="html", charset="utf-8", cte="base64")
    return mail


def as_html(text: str) -> str:
    """Return the text as a page without anything that is loaded."""
    first, *rest = text.split("\n")
    lines = [f"<p><strong>{html.escape(first)}</strong></p>", *(f"<p>{html.escape(line)}</p>" for line in rest)]
    return '<!DOCTYPE html>\n<html><meta charset="utf-8"><body>\n' + "\n".join(lines) + "\n</body></html>\n"


def _answered(error: aiosmtplib.SMTPException, held: tuple[str, ...]) -> Receipt:
    """4yz is later, 5yz never (RFC 5321 4.2.1); anything else is a server gone mad: later."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        told = [(r.code, f"{r.recipient}: {r.code} {r.message}") for r in error.recipients]
    elif isinstance(error, aiosmtplib.SMTPResponseException):
        told = [(error.code, error.message)]
    else:
        told = []
    later = [code for code, _ in told if not 500 <= code < 600]
    code = later[0] if later else told[0][0] if told else 0
    words = without("; ".join(text for _, text in told), held)
    return Receipt(outcome=Outcome.RETRY if later or not told else Outcome.REFUSED, code=str(code), detail=words)


def _unanswered(error: Exception, timeout_s: float, held: tuple[str, ...]) -> Receipt:
    tls = next((e for e in (error, error.__cause__, error.__context__) if isinstance(e, ssl.SSLError)), None)
    if isinstance(error, aiosmtplib.SMTPNotSupported) or type(error) is aiosmtplib.SMTPException:
        # No STARTTLS or no AUTH on offer: nothing goes out in the clear instead.
        return Receipt(outcome=Outcome.REFUSED, code="unsupported", detail=without(str(error), held))
    if tls is not None:
        code, words = "tls", getattr(tls, "verify_message", "") or type(tls).__name__
    elif isinstance(error, TimeoutError):
        code, words = "timeout", f"{timeout_s:g} s"
    else:
        code, words = "connect", str(error)
    return Receipt(outcome=Outcome.RETRY, code=code, detail=without(words, held))


def _domain(address: str) -> str:
    return address.rpartition("@")[2] or "localhost"


def _token(text: str) -> str:
    """Return an id as an address may hold it."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "." for c in text)[:64].strip(".") or "letter"
