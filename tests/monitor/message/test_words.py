"""Messages word by word."""

from __future__ import annotations

import doctest
from dataclasses import replace
from itertools import product

import pytest
from tests.monitor.message.briefs import BEGAN_MS, HOUR_MS, INCIDENT, MINUTE_MS, OVER, POLE, at, member

from camkeeper.message import Style, clean, digest, fit, short, style_of, times, trial, words
from camkeeper.message.evidence import told
from camkeeper.message.style import Dialect
from camkeeper.model.channel import BotSetting, ChannelKind, Language, Security, SmtpSetting
from camkeeper.model.incident import Cause, Confidence, Domain, DomainKind, Evidence, Happening, IncidentState
from camkeeper.model.status import Reason, Status

ZH, EN = Style(), Style(language=Language.EN)

POLE_ZH = """\
【离线·疑似断电】柳湾村 3台 #WO-0931 码4821
对象：文化广场北杆，同杆全部3台
时间：14:05起，已35分钟；上级交换机SW-07正常
已检：ping✗ 端口✗ ONVIF✗（3轮）
疑因：供电（可信度中；1秒内同时离线）
附近：其余6台全部正常
位置：文化广场北侧电杆，箱号B12
时限：18:05前修复，15:05前接单
本月离线余额：2.1小时
联系：值班 0395-0000000；回复码4821接单
设备：广场北枪机、广场东枪机、广场球机"""

POLE_EN = """\
[Down: power?] 柳湾村, devices: 3 #WO-0931 code 4821
What: 文化广场北杆, everything on the pole, 3
When: since 14:05, for 35 min; upstream 交换机SW-07 is up
Checked: ping✗ port✗ ONVIF✗ (3 rounds)
Probable cause: power (confidence medium; all within 1 s)
Nearby: the other 6 are up
Where: 文化广场北侧电杆，箱号B12
Deadline: repair by 18:05, accept by 15:05
Downtime left this month: 2.1 h
Contact: 值班 0395-0000000; reply code 4821 to accept
Devices: 广场北枪机, 广场东枪机, 广场球机"""

OVER_ZH = """\
【恢复】柳湾村 3台 #WO-0931 码4821
对象：文化广场北杆，同杆全部3台
时间：14:05至16:20，历时2小时15分
本月在线率：97.02% → 94.99%（目标95%，未达标）
本月离线余额：2.1小时
联系：值班 0395-0000000
设备：广场北枪机、广场东枪机、广场球机"""


def test_a_poles_message() -> None:
    assert words(POLE, ZH).text == POLE_ZH
    assert words(POLE, EN).text == POLE_EN
    assert words(POLE, ZH).subject == POLE_ZH.split("\n", 1)[0]


def test_a_recovery() -> None:
    assert words(OVER, ZH).text == OVER_ZH
    english = words(OVER, EN).text
    assert "[Recovered]" in english
    assert "Online this month: 97.02% -> 94.99% (target 95%, missed)" in english
    unmeasured = replace(OVER, effect=replace(OVER.effect, with_bp=None)) if OVER.effect else OVER
    assert "本月在线率：尚无法判定（目标95%）" in words(unmeasured, ZH).text


def test_a_short_message_of_one_segment() -> None:
    told_ = words(POLE, Style(dialect=Dialect.SMS, segments=1)).text
    assert told_ == "离线·疑似断电 柳湾村3台 文化广场北杆 14:05起 18:05前修复 WO-0931 码4821 值班 0395-0000000"
    assert short.length(told_) == short.Length(characters=66, segments=1)
    over = words(OVER, Style(dialect=Dialect.SMS, segments=3, language=Language.EN)).text
    assert over.startswith("Recovered 柳湾村 (3) 文化广场北杆 14:05 to 16:20, 2 h 15 min WO-0931")


HEADLINES = [
    (Happening.GREW, "【扩大·疑似断电】"),
    (Happening.SPREAD, "【扩大·疑似断电】"),
    (Happening.SPLIT, "【部分恢复·疑似断电】"),
    (Happening.CAUSE, "【疑因更新·疑似断电】"),
    (Happening.RELAPSED, "【再次离线·疑似断电】"),
    (Happening.RELEASED, "【仍离线·疑似断电】"),
    (Happening.UNSTABLE, "【不稳定·反复通断】"),
    (Happening.MERGED, "【并入上级事件】"),
    (Happening.ACKNOWLEDGED, "【已接单】"),
]


@pytest.mark.parametrize(("happening", "headline"), HEADLINES)
def test_headlines(happening: Happening, headline: str) -> None:
    assert words(at(happening), ZH).text.startswith(headline)


@pytest.mark.parametrize("happening", Happening)
def test_there_are_words_for_everything(happening: Happening) -> None:
    for cause, kind, state, style in product(Cause, DomainKind, IncidentState, (ZH, EN)):
        brief = at(happening, cause=cause, domain=Domain(kind=kind, id="x"), state=state)
        assert words(brief, style).text


def test_the_monitors_own_blindness_is_no_fault_of_devices() -> None:
    blind = at(Happening.OPENED, domain=Domain(kind=DomainKind.MONITOR, id="up"), cause=Cause.MONITOR, members={})
    text = words(replace(blind, site="大郭镇", domain="移动专线上行"), ZH).text
    assert text.startswith("【监测端断网】大郭镇 #WO-0931")
    assert "不计离线" in text
    assert "时限" not in text


def test_partly_recovered_counts_what_is_left() -> None:
    members = {"cam-1": member("cam-1"), "cam-2": member("cam-2", recovered_ms=BEGAN_MS + 1)}
    text = words(at(Happening.SPLIT, members=members), ZH).text
    assert "柳湾村 1台" in text
    assert "，1/3台" in text


def test_degraded_is_not_called_down() -> None:
    refused = {"cam-1": replace(member("cam-1", Status.DEGRADED), reason=Reason.AUTH_REFUSED)}
    assert words(at(Happening.OPENED, members=refused, cause=Cause.AUTH), ZH).text.startswith("【异常·登录被拒】")


def test_escalation_lateness_and_a_spent_budget() -> None:
    late = replace(POLE, escalation=2, repair_by_ms=BEGAN_MS - HOUR_MS, budget_ms=-3_600_000, respond_by_ms=None)
    text = words(late, ZH).text
    assert text.startswith("【第2次催办·离线·疑似断电】")
    assert "时限：13:05前修复（已超时1小时35分）" in text
    assert "本月离线余额：已用尽，超1.0小时" in text
    assert "时限：未约定" in words(replace(POLE, repair_by_ms=None), ZH).text


def test_another_day_has_its_date() -> None:
    next_day = replace(POLE, event=replace(POLE.event, at_ms=BEGAN_MS + 24 * HOUR_MS))
    assert "时间：10-16 14:05起，已1天" in words(next_day, ZH).text


def test_a_digest_lists_the_largest_first() -> None:
    single = at(Happening.OPENED, id="I1", members={"cam-9": member("cam-9")})
    text = digest([replace(single, site="东村"), POLE, OVER], ZH).text
    first, span, *entries = text.split("\n")
    assert (first, span) == ("【汇总】3起事件，7台设备", "时间：14:05至14:40")
    assert entries[0].startswith("1. 【离线·疑似断电】柳湾村 3台 #WO-0931")
    assert entries[2].startswith("3. 【离线·疑似断电】东村 1台")
    many = digest([POLE] * 50, ZH).text
    assert many.endswith("另有30起，见系统")
    assert short.length(digest([POLE] * 50, Style(dialect=Dialect.SMS, segments=2)).text).segments <= 2
    with pytest.raises(ValueError, match="nothing"):
        digest([], ZH)


def test_the_test_message_says_that_it_is_one() -> None:
    for dialect in Dialect:
        style = Style(dialect=dialect, markdown_bytes=1000)
        told_ = trial(name="大郭镇", channel="值班群", at_ms=BEGAN_MS, timezone="Asia/Shanghai", style=style)
        assert "测试" in told_.text
        assert "请勿处理" in told_.text
        assert "2025-10-16 14:05" in told_.text


def test_styles_of_settings() -> None:
    wecom = style_of(BotSetting(id="a", kind=ChannelKind.WECOM, url="https://x.example"))
    assert (wecom.dialect, wecom.text_bytes, wecom.markdown_bytes) == (Dialect.WECOM, 2048, 4096)
    plain = style_of(BotSetting(id="a", kind=ChannelKind.FEISHU, url="https://x.example", markdown=False))
    assert plain.markdown_bytes == 0
    mail = SmtpSetting(
        id="m", host="h", port=25, security=Security.TLS, sender="a@b", to=("c@d",), language=Language.EN
    )
    assert style_of(mail) == Style(language=Language.EN)


def test_evidence() -> None:
    facts = (
        Evidence(name="all_out", facts={"out": 30, "known": 30}),
        Evidence(name="upstream_up", facts={"device_id": "sw-07", "link_id": "l"}),
        Evidence(name="site_dark", facts={"site_id": "v01"}),
    )
    assert told(facts, Language.ZH) == ("所属30台全部离线", "上级sw-07正常")
    assert told(facts, Language.EN, most=3)[2] == "all of v01 is dark"
    reasons = set(Reason) - {Reason.RECOVERED, Reason.MONITOR_BLIND, Reason.SILENCE, Reason.FIRST_SEEN}
    assert all(told((Evidence(name=r, facts={"devices": 2}),), Language.ZH) for r in reasons)
    unstable = Evidence(name="unstable", facts={"changes": 9, "window_ms": 30 * MINUTE_MS, "devices": 1})
    assert told((unstable,), Language.ZH) == ("30分钟内变化9次",)


def test_confidence_is_told() -> None:
    assert "可信度低" in words(at(Happening.OPENED, confidence=Confidence.LOW, evidence=()), ZH).text
    assert INCIDENT.confidence is Confidence.MEDIUM


@pytest.mark.parametrize("module", [clean, fit, short, times])
def test_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
