"""Mail through a real SMTP server."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.monitor.notify.letters import CANARY, LETTER, sent
from tests.peers.mail_stub import Mailbox, mail_server
from tests.peers.platform_stub import hangs, platform

from camkeeper.model.channel import Security, SmtpSetting
from camkeeper.model.letter import Outcome

TO = ("duty@town.example", "desk@town.example")


def server(port: int, **given: Any) -> SmtpSetting:
    setting = SmtpSetting(
        id="test",
        host="127.0.0.1",
        port=port,
        security=Security.PLAIN,
        sender="camkeeper@town.example",
        to=TO,
        timeout_s=8,
    )
    return replace(setting, **given)


async def test_chinese_mail_arrives() -> None:
    async with mail_server(Mailbox()) as box:
        receipts = [await sent(server(box.port)) for _ in range(2)]
    assert [(r.outcome, r.code, r.detail) for r in receipts] == [(Outcome.ACCEPTED, "250", "queued as 42")] * 2
    mail, again = box.mails
    assert mail["Subject"] == LETTER.subject
    assert mail["From"] == "camkeeper@town.example"
    assert mail["To"] == ", ".join(TO)
    assert mail["Date"] == "Thu, 16 Oct 2025 06:05:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == again["Message-ID"] == "<I000931.ding.1@town.example>"
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().replace("\r\n", "\n") == LETTER.text + "\n"
    assert "<strong>【离线·疑似断电】柳湾村 3台 #WO-0931 码4821</strong>" in page.get_content()
    assert box.recipients == [list(TO)] * 2


@pytest.mark.parametrize(
    "name",
    ["村\r\nBcc: x@evil.example", "村\nX: y", "村\u2028Bcc: a", "=?utf-8?B?eA==?=", "村\x00\x85", '"<a@b>"' * 40],
)
async def test_no_name_starts_a_header(name: str) -> None:
    hostile = replace(
        LETTER, subject=name, text=f"{name}\n<script>alert(1)</script>\n.\r\nQUIT", id=name, incident_id=name
    )
    async with mail_server(Mailbox()) as box:
        receipt = await sent(server(box.port), hostile)
    assert receipt.outcome is Outcome.ACCEPTED
    (mail,) = box.mails
    known = {
        "Subject",
        "From",
        "To",
        "Date",
        "Message-ID",
        "References",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    }
    assert set(mail.keys()) == known
    assert box.recipients == [list(TO)]
    page = mail.get_body(("html",))
    assert page is not None
    assert "<script>" not in page.get_content()


async def test_one_recipient_refused_is_told_and_not_sent_again() -> None:
    async with mail_server(Mailbox(refuse={TO[0]: "550 no such user"})) as box:
        receipt = await sent(server(box.port))
    assert receipt.outcome is Outcome.ACCEPTED
    assert receipt.detail == "duty@town.example: 550 no such user; queued as 42"
    assert box.recipients == [[TO[1]]]


@pytest.mark.parametrize(
    ("refuse", "data", "outcome", "code"),
    [
        (dict.fromkeys(TO, "550 no such user"), "250 ok", Outcome.REFUSED, "550"),
        (dict.fromkeys(TO, "451 greylisted"), "250 ok", Outcome.RETRY, "451"),
        ({TO[0]: "550 no such user", TO[1]: "451 later"}, "250 ok", Outcome.RETRY, "451"),
        ({}, "452 mailbox full", Outcome.RETRY, "452"),
        ({}, "554 looks like spam", Outcome.REFUSED, "554"),
    ],
)
async def test_replies(refuse: dict[str, str], data: str, outcome: Outcome, code: str) -> None:
    async with mail_server(Mailbox(refuse=refuse, data_reply=data)) as box:
        receipt = await sent(server(box.port))
    assert (receipt.outcome, receipt.code) == (outcome, code)


async def test_a_login() -> None:
    login = {"user": "camkeeper", "secret_ref": "env:SIGN"}
    async with mail_server(Mailbox(), password=CANARY) as box:
        good = await sent(server(box.port, **login))
        wrong = await sent(server(box.port, **login), secrets={"env:SIGN": "not-" + CANARY})
        none = await sent(server(box.port))
    assert good.outcome is Outcome.ACCEPTED
    assert (wrong.outcome, wrong.code) == (Outcome.REFUSED, "535")
    assert (none.outcome, none.code) == (Outcome.REFUSED, "530")
    assert CANARY not in f"{good}{wrong}{none}"


async def test_a_certificate_nobody_vouches_for_gets_nothing(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    login = {"user": "camkeeper", "secret_ref": "env:SIGN", "security": Security.STARTTLS}
    async with mail_server(Mailbox(), password=CANARY, tls=context) as box:
        doubted = await sent(server(box.port, **login))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))  # how an isolated network's own CA is told
        trusted = await sent(server(box.port, **login))
    assert (doubted.outcome, doubted.code) == (Outcome.RETRY, "tls")
    assert "self" in doubted.detail
    assert trusted.outcome is Outcome.ACCEPTED
    assert box.over_tls == [True]


async def test_without_starttls_nothing_goes_out_in_the_clear() -> None:
    async with mail_server(Mailbox()) as box:
        receipt = await sent(server(box.port, security=Security.STARTTLS))
    assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "unsupported")
    assert box.mails == []


async def test_nobody_there_and_nobody_speaking() -> None:
    async with mail_server(Mailbox()) as box:
        port = box.port
    assert (await sent(server(port))).code == "connect"
    async with platform(hangs) as stub:  # HTTP servers wait for the client to begin, as mail clients do
        receipt = await sent(server(int(stub.url.rpartition(":")[2]), timeout_s=0.4))
    assert (receipt.outcome, receipt.code) == (Outcome.RETRY, "timeout")


def test_letters_are_not_confused() -> None:
    from camkeeper.notify.smtp import message

    ids = {message(replace(LETTER, id=i), server(25), 0)["Message-ID"] for i in ("I1/a/12", "I1/a1/2", "I1/a/1")}
    assert len(ids) == 3
