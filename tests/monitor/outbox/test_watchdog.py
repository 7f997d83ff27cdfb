"""The monitor's silence must alarm too."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from camkeeper.model.outbox import ChannelPace, WatchdogPolicy
from camkeeper.outbox.watchdog import BeatKind, Trouble, Vitals, Watch, letter_of, look

POLICY = WatchdogPolicy(
    ping_channel_ids=("outside",), daily_channel_ids=("duty",), trouble_channel_ids=("admin",), timezone="Asia/Shanghai"
)
MIDNIGHT = round(datetime(2026, 10, 9, 16, tzinfo=UTC).timestamp() * 1000)  # 00:00 in Shanghai
DAY_MS = 24 * 3_600_000


def day(vitals_at: dict[int, Vitals], *, begin_ms: int = MIDNIGHT) -> list[tuple[int, BeatKind, tuple[Trouble, ...]]]:
    """Play a day in looks of 5 s; `vitals_at`: seconds since midnight -> how it is from then on."""
    watch, now, out = Watch.begun(POLICY, begin_ms), Vitals(tick_ms=0), []
    for ms in range(begin_ms, MIDNIGHT + DAY_MS, 5000):
        now = vitals_at.get((ms - MIDNIGHT) // 1000, now)
        fresh = (
            now
            if now.tick_ms
            else Vitals(tick_ms=ms, oldest_letter_ms=now.oldest_letter_ms, dead=now.dead, sees=now.sees)
        )
        watch, beats = look(watch, fresh, POLICY, ms)
        out += [((ms - MIDNIGHT) // 1000, beat.kind, beat.troubles) for beat in beats]
    return out


def test_a_good_day_is_a_ping_a_minute_and_one_line_in_the_morning() -> None:
    said = day({})
    assert Counter(kind for _, kind, _ in said) == {BeatKind.PING: 1440, BeatKind.DAILY: 1}
    assert [at for at, kind, _ in said if kind is BeatKind.DAILY] == [8 * 3600 + 30 * 60]


def test_a_restart_in_the_afternoon_does_not_say_the_line_again() -> None:
    said = day({}, begin_ms=MIDNIGHT + 14 * 3_600_000)
    assert BeatKind.DAILY not in {kind for _, kind, _ in said}


def test_a_full_disk_stops_the_pings_and_is_told_at_once_then_hourly_until_it_is_over() -> None:
    noon, later = 12 * 3600, 14 * 3600 + 300
    said = day({noon: Vitals(tick_ms=MIDNIGHT + noon * 1000), later: Vitals(tick_ms=0)})
    troubles = [(at, t) for at, kind, t in said if kind is BeatKind.TROUBLE]
    assert [at for at, _ in troubles] == [noon + 35, noon + 3635, noon + 7235]
    assert {t for _, t in troubles} == {(Trouble.NOT_STORED,)}
    assert [at for at, kind, _ in said if kind is BeatKind.WELL] == [later]
    assert not [at for at, kind, _ in said if kind is BeatKind.PING and noon + 35 <= at < later]


def test_letters_that_stay_or_are_given_up_and_a_blind_monitor() -> None:
    one, two, three = 3600, 7200, 10800
    said = day(
        {
            one: Vitals(tick_ms=0, oldest_letter_ms=MIDNIGHT + one * 1000),
            two: Vitals(tick_ms=0, dead=3),
            three: Vitals(tick_ms=0, dead=3, sees=False),
            three + 600: Vitals(tick_ms=0, dead=3),
        }
    )
    told = [(at, kind, t) for at, kind, t in said if kind in {BeatKind.TROUBLE, BeatKind.WELL}]
    assert told == [
        (one + 905, BeatKind.TROUBLE, (Trouble.NOT_DELIVERED,)),
        (two, BeatKind.TROUBLE, (Trouble.DEAD_LETTERS,)),
        (three, BeatKind.TROUBLE, (Trouble.BLIND,)),
        (three + 600, BeatKind.WELL, ()),
    ]


def test_letters_of_the_watchdog_stand_alone() -> None:
    _, beats = look(Watch(), Vitals(tick_ms=0, waiting=2, dead=1, devices=144, up=140), POLICY, MIDNIGHT + DAY_MS // 2)
    by_kind = {beat.kind: letter_of(beat, beat.channel_ids[0], 7) for beat in beats}
    trouble = by_kind[BeatKind.TROUBLE]
    assert trouble.subject == "【监控自身异常】记录写不进磁盘"
    assert "nothing reaches the disk" in trouble.text
    assert "待发 2 条, 未送达 1 条" in trouble.text
    assert trouble.facts["troubles"] == ["not_stored"]
    assert trouble.incident_id == ""
    _, beats = look(Watch(), Vitals(tick_ms=MIDNIGHT, devices=144, up=140), POLICY, MIDNIGHT)
    (ping,) = beats
    assert letter_of(ping, "outside", 7).text.startswith("监控运行正常: 在线 140/144")
    assert letter_of(ping, "outside", 7).id != letter_of(ping, "outside", 8).id


def test_policies_that_make_no_sense_raise() -> None:
    with pytest.raises(ValueError, match="no such minute"):
        WatchdogPolicy(daily_minute=1440)
    with pytest.raises(ValueError, match="more than nothing"):
        WatchdogPolicy(ping_every_s=0)
    with pytest.raises(ValueError, match="at least one"):
        ChannelPace(burst=0)
    with pytest.raises(ValueError, match="first is the shortest"):
        ChannelPace(base_s=10, cap_s=5)
