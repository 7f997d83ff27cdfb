"""Messages about pictures: what is seen, since when, and that the camera is online."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.monitor.message.briefs import BEGAN_MS, MINUTE_MS, POLE, at, member

from camkeeper.message import Brief, Style, words
from camkeeper.message.style import Dialect
from camkeeper.model.channel import Language
from camkeeper.model.incident import Cause, Confidence, Domain, DomainKind, Evidence, Happening
from camkeeper.model.picture import Finding, PictureVerdict, Turn
from camkeeper.model.status import Reason, Status

ZH, EN = Style(), Style(language=Language.EN)


def brief(reason: Reason, count: int = 1, turn: Turn | None = None) -> Brief:
    ids = [f"cam-{n}" for n in range(count)]
    members = {i: replace(member(i, Status.DEGRADED), reason=reason) for i in ids}
    kind = DomainKind.DEVICE if count == 1 else DomainKind.SITE
    one = at(
        Happening.OPENED,
        cause=Cause.IMAGE,
        confidence=Confidence.HIGH,
        members=members,
        domain=Domain(kind=kind, id="x"),
        evidence=(Evidence(name=reason.value, facts={"devices": count}),),
    )
    seen = Finding(
        device_id="cam-0",
        verdict=PictureVerdict.COVER,
        since_ms=BEGAN_MS - 20 * MINUTE_MS,
        decided_ms=BEGAN_MS,
        turn=turn,
    )
    plain = replace(one, domain="广场北枪机", device_names=("广场北枪机",) * count, domain_total=None, upstream=None)
    return replace(plain, checked=(), neighbours=None, findings=(seen,))


def test_a_covered_camera() -> None:
    text = words(brief(Reason.IMAGE_COVER), ZH).text
    assert text.startswith("【异常·疑似遮挡】柳湾村 1台 #WO-0931 码4821\n对象：广场北枪机\n")
    assert "\n画面：在线，但画面不可用：疑似遮挡，13:45起\n" in text
    assert "疑因：图像（可信度高；疑似遮挡）" in text
    english = words(brief(Reason.IMAGE_COVER), EN).text
    assert english.startswith("[Degraded: covered?] ")
    assert "\nPicture: online, but of no use: covered? since 13:45\n" in english


def test_a_turned_camera_says_by_how_much() -> None:
    turn = Turn(yaw_deg=-20.14, pitch_deg=0, roll_deg=0, error_deg=0.21, method="features", support=60)
    text = words(brief(Reason.IMAGE_MOVED, turn=turn), ZH).text
    assert text.startswith("【异常·镜头转动】")
    assert "画面：在线，但画面与验收时不符：镜头转动 20.1°（±0.2°），13:45起" in text
    assert "camera turned by 20.1° (±0.2°) since 13:45" in words(brief(Reason.IMAGE_MOVED, turn=turn), EN).text


def test_a_platform_is_one_fault_of_many() -> None:
    text = words(brief(Reason.IMAGE_PLATFORM, 12), ZH).text
    assert text.startswith("【异常·疑似平台画面冻结】柳湾村 12台")
    assert "12台画面同时冻结" in text


@pytest.mark.parametrize("reason", [r for r in Reason if r.is_image])
@pytest.mark.parametrize("style", [ZH, EN, Style(dialect=Dialect.SMS, segments=1)])
def test_every_verdict_has_its_title(reason: Reason, style: Style) -> None:
    text = words(brief(reason), style).text
    assert ("picture]" in text.lower() and style is EN) or "图像异常" not in text
    assert reason.value not in text


def test_no_picture_at_all_is_told_as_before() -> None:
    text = words(brief(Reason.NO_PICTURE), ZH).text
    assert text.startswith("【异常·图像异常】")
    assert "画面：" not in text
    assert "画面：" not in words(POLE, ZH).text
