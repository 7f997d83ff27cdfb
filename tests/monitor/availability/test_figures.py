"""The named rules, exact and side by side."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.availability.buckets import Buckets, Promise, truncated_percent
from camkeeper.availability.daily import DaySum, DayTally, Looks, added, day_sums, day_tallies
from camkeeper.availability.days import days_of, month_span, patrol_ms
from camkeeper.availability.figures import decide, figure, figure_pair
from camkeeper.availability.tally import status_at, tally
from camkeeper.model.policy import DEFAULT_ACCOUNTING, AccountingPolicy, Rule
from camkeeper.model.span import Span
from camkeeper.model.status import Status

TIME, MEAN, PATROL = DEFAULT_ACCOUNTING
FIRST = date(2026, 10, 1)
HOUR = 3_600_000

amounts = st.integers(0, 1000)
buckets = st.builds(Buckets, up_ms=amounts, down_ms=amounts, unknown_ms=amounts, excluded_ms=amounts, absent_ms=amounts)
tallies = st.lists(
    st.builds(
        DayTally,
        device_id=st.sampled_from("abc"),
        day=st.integers(0, 4).map(lambda n: FIRST + timedelta(days=n)),
        buckets=buckets,
        look=st.sampled_from([*Status, None]),
    ),
    max_size=12,
)
targets = st.integers(0, 10_000)


def day(n: int, *, up: int = 0, down: int = 0, unknown: int = 0, looks: Looks | None = None) -> DaySum:
    return DaySum(
        day=FIRST + timedelta(days=n),
        buckets=Buckets(up_ms=up, down_ms=down, unknown_ms=unknown),
        looks=looks or Looks(),
    )


def test_the_rules_have_the_names_of_the_policies() -> None:
    assert [figure(policy, [], target_bp=9500).rule for policy in DEFAULT_ACCOUNTING] == list(Rule)
    assert [figure(policy, [], target_bp=9500).policy_id for policy in DEFAULT_ACCOUNTING] == [
        "time-weighted/1",
        "daily-mean/1",
        "patrol-daily/1",
    ]


def test_time_weighted_sums_time_and_daily_mean_does_not() -> None:
    days = [day(0, up=90, down=10), day(1, up=1, down=1), day(2, unknown=50), day(3)]
    weighted, mean = figure(TIME, days, target_bp=9500), figure(MEAN, days, target_bp=9500)
    assert (weighted.ratio, weighted.lower, weighted.upper) == (
        Fraction(91, 102),
        Fraction(91, 152),
        Fraction(141, 152),
    )
    assert mean.ratio == (Fraction(90, 100) + Fraction(1, 2)) / 2
    assert mean.lower == (Fraction(90, 100) + Fraction(1, 2) + 0) / 3
    assert mean.upper == (Fraction(90, 100) + Fraction(1, 2) + 1) / 3
    assert mean.days == 3
    assert mean.completeness == Fraction(2, 3)


def test_patrol_counts_looks() -> None:
    days = [day(0, looks=Looks(online=18, offline=1, unknown=1)), day(1, looks=Looks(online=20))]
    found = figure(PATROL, days, target_bp=9500)
    assert (found.ratio, found.lower, found.upper) == (Fraction(38, 39), Fraction(38, 40), Fraction(39, 40))
    assert found.looks == Looks(online=38, offline=1, unknown=1)
    assert found.verdict is Promise.UNDETERMINED  # 2.5% unknown
    lenient = AccountingPolicy(name="patrol", version=2, rule=Rule.PATROL_DAILY, unknown_limit_bp=250)
    assert figure(lenient, days, target_bp=9500).verdict is Promise.MET


def test_the_last_millisecond_decides_and_a_display_never_rounds_up() -> None:
    short = figure(TIME, [day(0, up=94_996, down=5_004)], target_bp=9500)
    assert short.verdict is Promise.MISSED
    assert truncated_percent(short.ratio) == "94.99"
    assert figure(TIME, [day(0, up=95_000, down=5_000)], target_bp=9500).verdict is Promise.MET
    assert figure(TIME, [day(0, up=94_999, down=5_001)], target_bp=9500).verdict is Promise.MISSED


@pytest.mark.parametrize(
    ("up", "down", "unknown", "verdict"),
    [
        (98, 0, 2, Promise.MET),
        (97, 0, 3, Promise.UNDETERMINED),  # certain to be kept, but too little was seen
        (94, 4, 2, Promise.UNDETERMINED),
        (94, 6, 0, Promise.MISSED),
        (0, 50, 50, Promise.MISSED),
        (0, 0, 100, Promise.UNDETERMINED),
        (0, 0, 0, Promise.UNDETERMINED),
    ],
)
def test_verdicts(up: int, down: int, unknown: int, verdict: Promise) -> None:
    assert figure(TIME, [day(0, up=up, down=down, unknown=unknown)], target_bp=9500).verdict is verdict


@given(buckets, targets, st.integers(0, 10_000))
def test_verdict_by_shares_equals_verdict_by_integers(found: Buckets, target_bp: int, limit_bp: int) -> None:
    assert decide(
        found.lower, found.upper, target=Fraction(target_bp, 10_000), unknown_limit=Fraction(limit_bp, 10_000)
    ) is found.verdict(target_bp=target_bp, unknown_limit_bp=limit_bp)


@given(tallies, st.sampled_from(DEFAULT_ACCOUNTING), targets)
def test_bounds_hold_the_ratio(found: list[DayTally], policy: AccountingPolicy, target_bp: int) -> None:
    one = figure(policy, day_sums(found), target_bp=target_bp)
    if one.lower is not None and one.upper is not None:
        assert 0 <= one.lower <= one.upper <= 1
        assert one.completeness == 1 - (one.upper - one.lower)
        if one.ratio is not None:
            assert one.lower <= one.ratio <= one.upper
    else:
        assert one.verdict is Promise.UNDETERMINED


@given(tallies, st.integers(0, 12))
def test_day_sums_add_in_any_grouping(found: list[DayTally], cut: int) -> None:
    assert added([*day_sums(found[cut:]), *day_sums(found[:cut])]) == day_sums(found)


@given(
    st.lists(st.tuples(st.integers(-50, 800), st.sampled_from(list(Status))), max_size=20),
    st.lists(st.tuples(st.integers(-50, 800), st.integers(0, 60)), max_size=3),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]),
    st.sampled_from(["2026-03", "2026-10"]),
)
def test_days_of_a_device_add_up_to_its_month(
    told: list[tuple[int, Status]], windows: list[tuple[int, int]], zone: str, month: str
) -> None:
    period = month_span(month, zone)

    def at(hour: int) -> int:
        return period.start_ms + hour * HOUR

    changes = sorted(((at(hour), status) for hour, status in told), key=lambda change: change[0])
    excluded = [Span(start_ms=at(hour), end_ms=at(hour + length)) for hour, length in windows]
    life, until = [Span(start_ms=at(-100), end_ms=at(700))], at(650)
    found = day_tallies(
        "cam",
        changes=changes,
        life=life,
        excluded=excluded,
        period=period,
        known_until_ms=until,
        tz=zone,
        patrol_at="09:00",
    )
    whole = tally(changes=changes, life=life, excluded=excluded, period=period, known_until_ms=until)
    assert sum((one.buckets for one in found), Buckets()) == whole
    assert figure(TIME, day_sums(found), target_bp=9500).ratio == whole.ratio
    looks = [
        status_at(patrol_ms(one, "09:00", zone), changes=changes, life=life, excluded=excluded, known_until_ms=until)
        for one, _ in days_of(period, zone)
    ]
    assert [one.look for one in found] == looks


def test_a_figure_with_and_without_the_agreed_windows() -> None:
    pair = figure_pair(TIME, net=[day(0, up=90)], gross=[day(0, up=90, down=10)], target_bp=9500)
    assert (pair.net.verdict, pair.gross.verdict) == (Promise.MET, Promise.MISSED)


def test_sums_of_different_days_do_not_add() -> None:
    with pytest.raises(ValueError, match="different days"):
        _ = day(0) + day(1)
