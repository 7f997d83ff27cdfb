"""Webhooks and short-message gateways, against real HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.monitor.notify.letters import CANARY, LETTER, NOW_MS, TOKEN, sent
from tests.peers.platform_stub import dies, hangs, platform, says

from camkeeper.message.short import length
from camkeeper.model.channel import SmsFormat, SmsSetting, SuccessRule, WebhookSetting
from camkeeper.model.letter import Outcome


def hook(url: str, **given: Any) -> WebhookSetting:
    return replace(
        WebhookSetting(id="test", url=url, secret_ref="env:SIGN", token_ref="env:TOKEN", timeout_s=5), **given
    )


async def test_a_webhook_is_signed_dated_and_named() -> None:
    async with platform(says("", status=202)) as stub:
        receipts = [await sent(hook(stub.url + "/a?team=1")) for _ in range(2)]
    assert [(r.outcome, r.code) for r in receipts] == [(Outcome.ACCEPTED, "202")] * 2
    first, second = stub.asked
    seconds = str(NOW_MS // 1000)
    proof = hmac.new(CANARY.encode(), seconds.encode() + b"." + first.body, hashlib.sha256).hexdigest()
    assert first.headers["X-Camkeeper-Signature"] == f"sha256={proof}"
    assert first.headers["X-Camkeeper-Timestamp"] == seconds
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == LETTER.id
    assert first.raw_path == "/a?team=1"


async def test_a_webhook_has_alertmanagers_shape() -> None:
    over = replace(LETTER, recovery=True, facts={**LETTER.facts, "status": "resolved", "resolved_ms": NOW_MS})
    async with platform(says("ok")) as stub:
        await sent(hook(stub.url))
        await sent(hook(stub.url), over)
    firing, resolved = (json.loads(asked.body) for asked in stub.asked)
    for payload, status in ((firing, "firing"), (resolved, "resolved")):
        assert payload["version"] == "4"
        assert payload["status"] == status
        assert payload["receiver"] == "test"
        assert payload["truncatedAlerts"] == 0
        assert {"groupKey", "groupLabels", "commonLabels", "commonAnnotations", "externalURL"} <= set(payload)
        (alert,) = payload["alerts"]
        assert alert["status"] == status
        assert alert["startsAt"] == "2025-10-16T06:04:00.123Z"
        assert all(isinstance(v, str) for v in (*alert["labels"].values(), *alert["annotations"].values()))
        assert alert["labels"]["incident"] == "I000931"
        assert alert["annotations"]["devices"] == "c1,c2"
    assert firing["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert resolved["alerts"][0]["endsAt"] == "2025-10-16T06:05:00.123Z"


async def test_a_digest_of_letters_names_its_incidents() -> None:
    facts = {"letter_ids": ["a", "b"], "incident_ids": ["I1", "I2"]}
    async with platform(says("ok")) as stub:
        await sent(hook(stub.url), replace(LETTER, incident_id="", facts=facts, recovery=True))
        await sent(
            hook(stub.url),
            replace(LETTER, facts={"incidents": [{"incident": "I1", "status": "resolved"}, {"incident": "I2"}]}),
        )
    first, second = (json.loads(asked.body) for asked in stub.asked)
    assert first["alerts"][0]["labels"]["incident"] == "I1,I2"
    assert first["status"] == "resolved"
    assert [alert["status"] for alert in second["alerts"]] == ["resolved", "firing"]
    assert second["status"] == "firing"


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 408, 429, 500, 503])
async def test_a_webhooks_word_is_its_status(status: int) -> None:
    outcome = Outcome.ACCEPTED if status < 300 else Outcome.REFUSED if status in {400, 401} else Outcome.RETRY
    async with platform(says("", status=status)) as stub:
        receipt = await sent(hook(stub.url))
    assert (receipt.outcome, receipt.code) == (outcome, str(status))


async def test_a_webhook_that_hangs_or_dies_was_not_told() -> None:
    async with platform(hangs) as stub:
        assert (await sent(hook(stub.url, timeout_s=0.3))).code == "timeout"
    async with platform(dies) as stub:
        assert (await sent(hook(stub.url))).code == "broken"


def gateway(url: str, **given: Any) -> SmsSetting:
    setting = SmsSetting(
        id="test",
        url=url,
        to=("13800000000", "13900000000"),
        fields={"m": "{to}", "c": "{text}", "k": "{token}", "id": "{id}", "fixed": "{x}"},
        success=SuccessRule(path="result.0.code", equals="0"),
        token_ref="env:TOKEN",
        timeout_s=5,
    )
    return replace(setting, **given)


FILLED = {"m": "13800000000,13900000000", "c": LETTER.text, "k": TOKEN, "id": LETTER.id, "fixed": "{x}"}


@pytest.mark.parametrize("form", SmsFormat)
async def test_a_gateways_fields(form: SmsFormat) -> None:
    async with platform(says('{"result":[{"code":0}]}')) as stub:
        receipt = await sent(gateway(stub.url + "/send?v=1", form=form, headers={"X-Key": "k {token}"}))
    assert (receipt.outcome, receipt.code) == (Outcome.ACCEPTED, "0")
    cost = length(LETTER.text)
    assert f"({cost.characters} characters, {cost.segments} x 2 segments)" in receipt.detail
    (asked,) = stub.asked
    assert asked.headers["X-Key"] == f"k {TOKEN}"
    if form is SmsFormat.JSON:
        got = json.loads(asked.body)
    else:
        coded = asked.body.decode() if form is SmsFormat.FORM else urlsplit(asked.raw_path).query
        got = {key: values[0] for key, values in parse_qs(coded, strict_parsing=True).items() if key != "v"}
    assert got == FILLED
    assert asked.method == ("GET" if form is SmsFormat.QUERY else "POST")


async def test_what_is_filled_in_is_no_template() -> None:
    async with platform(says('{"result":[{"code":0}]}')) as stub:
        await sent(gateway(stub.url), replace(LETTER, text="{token} {to}"))
    assert json.loads(stub.asked[0].body)["c"] == "{token} {to}"


RULES = [
    (SuccessRule(path="code", equals="0"), '{"code":"0"}', Outcome.ACCEPTED),
    (SuccessRule(path="$.code", equals="0"), '{"code":0}', Outcome.ACCEPTED),
    (SuccessRule(path="ok", equals="true"), '{"ok":true}', Outcome.ACCEPTED),
    (SuccessRule(path="code", equals="0"), '{"code":false}', Outcome.REFUSED),
    (SuccessRule(path="code", equals=""), "{}", Outcome.REFUSED),
    (SuccessRule(path="code", equals="0"), '{"code":7,"msg":"balance"}', Outcome.REFUSED),
    (SuccessRule(path="code", equals="0", later="too fast"), '{"code":8,"msg":"too fast"}', Outcome.RETRY),
    (SuccessRule(path="0.1", equals="x"), '[["a","x"]]', Outcome.ACCEPTED),
    (SuccessRule(path="a.b.c", equals="x"), '{"a":"b"}', Outcome.REFUSED),
    (SuccessRule(matches="^OK:"), "OK:123", Outcome.ACCEPTED),
    (SuccessRule(matches="^OK:"), "ERR:OK:", Outcome.REFUSED),
    (SuccessRule(), "anything", Outcome.REFUSED),
]


@pytest.mark.parametrize(("rule", "body", "outcome"), RULES)
async def test_a_gateways_word_for_success(rule: SuccessRule, body: str, outcome: Outcome) -> None:
    async with platform(says(body, content_type="text/plain")) as stub:
        assert (await sent(gateway(stub.url, success=rule))).outcome is outcome


async def test_a_gateways_status_comes_first() -> None:
    for status, outcome in ((500, Outcome.RETRY), (429, Outcome.RETRY), (302, Outcome.RETRY), (403, Outcome.REFUSED)):
        async with platform(says('{"result":[{"code":0}]}', status=status)) as stub:
            assert (await sent(gateway(stub.url))).outcome is outcome
