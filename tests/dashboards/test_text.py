"""Small writings."""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.township import AT_MS, MONTH_MS

from camboard.i18n import languages, span_words
from camboard.text import clock_time, local, month_progress, percent, plain, target, utc_offset

SHANGHAI = ZoneInfo("Asia/Shanghai")


@given(st.text(max_size=300))
def test_nothing_invisible_survives(text: str) -> None:
    harmless = plain(text)
    assert len(harmless) <= 121
    assert not {unicodedata.category(c) for c in harmless} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert plain(harmless, limit=200) == harmless


def test_a_turned_name_shows_that_it_was_turned() -> None:
    assert plain("村口\u202e线离\u2066\x00\u200b") == "村口�线离���"
    assert plain("a" + "\u0301" * 50) == "a\u0301\u0301"
    assert plain("大郭村 1号 (东)") == "大郭村 1号 (东)"


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_percent_never_says_more_than_there_is(up: int, down: int) -> None:
    written = percent(Fraction(up, up + down))
    assert written is not None
    shown = Fraction(written.removesuffix("%")) / 100
    assert shown <= Fraction(up, up + down) < shown + Fraction(1, 10_000)
    assert written != "100.00%"


def test_not_measured_is_neither_zero_nor_hundred() -> None:
    assert percent(None) is None
    assert percent(Fraction(94_996, 100_000)) == "94.99%"
    assert target(9500) == "95%"
    assert target(9950) == "99.5%"


def test_instants_in_the_township() -> None:
    assert clock_time(AT_MS, AT_MS, SHANGHAI) == "21:15"
    assert clock_time(MONTH_MS, AT_MS, SHANGHAI) == "11-01 00:00"
    assert clock_time(0, AT_MS, SHANGHAI) == "1970-01-01 08:00"
    assert utc_offset(local(AT_MS, SHANGHAI)) == "UTC+08:00"
    assert utc_offset(local(AT_MS, ZoneInfo("America/St_Johns"))) == "UTC-03:30"


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]))
def test_a_month_passes_from_nothing_to_all(at_ms: int, zone: str) -> None:
    share, day, days = month_progress(at_ms, ZoneInfo(zone))
    assert 0 <= share < 1
    assert 1 <= day <= days <= 31


def test_a_month_with_a_lost_hour_is_an_hour_shorter() -> None:
    # March 2026 in Berlin has 743 hours; its last hour begins 742/743 through.
    last_hour_ms = 1_774_994_400_000 - 3_600_000
    share, day, days = month_progress(last_hour_ms, ZoneInfo("Europe/Berlin"))
    assert (share, day, days) == (Fraction(742, 743), 31, 31)


@pytest.mark.parametrize(
    ("ms", "zh", "en"),
    [
        (12_900, "12 秒", "12 s"),
        (35 * 60_000, "35 分钟", "35 min"),
        (7_500_000, "2 小时 5 分", "2 h 5 min"),
        (100 * 3_600_000, "4 天 4 小时", "4 d 4 h"),
        (-5, "0 秒", "0 s"),
    ],
)
def test_spans(ms: int, zh: str, en: str) -> None:
    assert span_words(ms, languages()["zh"]) == zh
    assert span_words(ms, languages()["en"]) == en
