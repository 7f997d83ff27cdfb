"""Instants, durations and shares as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.account.columns import instants
from camkeeper.account.fault import WrittenWrongError
from camkeeper.account.moment import decimal, duration_ms, instant_ms, share

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001
spellings = st.one_of(
    st.builds(
        lambda at, sep, finest: at.isoformat(sep=sep, timespec=finest).replace("+00:00", "Z"),
        times,
        st.sampled_from("T "),
        st.sampled_from(["seconds", "milliseconds", "microseconds", "minutes"]),
    ),
    st.integers(-(10**16), 10**17).map(str),
    st.from_regex(
        r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
    ),
    st.text(alphabet="0123456789-:T Z+.,W", max_size=32),
    st.text(max_size=8),
)


@given(times)
def test_iso_is_cut_to_the_millisecond_it_lies_in(at: datetime) -> None:
    expected = (at - EPOCH) // timedelta(milliseconds=1)
    assert instant_ms(at.isoformat(timespec="microseconds")) == expected


@given(st.lists(spellings, max_size=12))
def test_reading_by_columns_is_reading_one_by_one(texts: list[str]) -> None:
    at_ms, read = instants(texts)
    for text, found, good in zip(texts, at_ms.tolist(), read.tolist(), strict=True):
        if good:
            assert instant_ms(text) == found


def test_plain_spellings_are_read_by_columns() -> None:
    texts = ["2026-10-01T08:00:00+08:00"] * 3 + ["2026-10-01T00:00:00Z", "1790812800000", "2026-10-01 00:00:00.000Z"]
    at_ms, read = instants(texts)
    assert read.all()
    assert np.unique(at_ms).tolist() == [1790812800000]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-1", -1),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00z", 0),
        ("19700101T080000+0800", 0),
        ("1970-01-01T08:00+08", 0),
        ("1970-01-01T00:00:00.0019Z", 1),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("1970-01-01T00:00:00,5Z", 500),
        ("2028-02-29T00:00:00Z", 1835395200000),
        ("1970-W01-4T00:00:00Z", 0),
        ("253402300799999", 253402300799999),
    ],
)
def test_spellings_that_count(text: str, expected: int) -> None:
    assert instant_ms(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-10-01T00:00:00", "no offset"),
        ("2026-10-01", "cannot be read"),
        ("2027-02-29T00:00:00Z", "no such time"),
        ("2026-10-01T24:01:00Z", "no such time"),
        ("2026-10-01T00:00:61Z", "no such time"),
        ("0000-01-01T00:00:00Z", "no such time"),
        ("2026-10-01T00:00:00+25:00", "no such time"),
        ("1790812800000000", "micro"),
        ("9" * 5000, "micro"),
        ("1.5e12", "cannot be read"),
        ("１７９０８１２８０００００", "cannot be read"),
        ("1_000", "cannot be read"),
        ("+1", "cannot be read"),
        ("", "cannot be read"),
        ("now", "cannot be read"),
    ],
)
def test_what_is_no_instant_says_why(text: str, says: str) -> None:
    with pytest.raises(WrittenWrongError, match=says) as caught:
        instant_ms(text)
    assert any("\u4e00" <= c <= "\u9fff" for c in caught.value.zh)
    assert len(caught.value.en) < 300


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("60s", 60_000),
        ("5m", 300_000),
        ("1h", 3_600_000),
        ("500ms", 500),
        ("60", 60_000),
        ("1.5", 1500),
        ("2 m", 120_000),
        ("1d", 86_400_000),
        ("0.1ms", Fraction(1, 10)),
        (" 60S ", 60_000),
    ],
)
def test_durations(text: str, ms: int | Fraction) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "0", "0s", "-5s", "1w", "s", "1.2.3s", "nan", "inf", "1e3", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(WrittenWrongError, match="no duration"):
        duration_ms(text)


def test_shares_are_exact() -> None:
    assert share("95") == Fraction(95, 100)
    assert share("99.5%") == Fraction(995, 1000)
    assert share("99.99999") == Fraction(9999999, 10000000)
    assert decimal("2.5") == Fraction(5, 2)
    for text in ("101", "-1", "nan", "95.0.0", ""):
        with pytest.raises(WrittenWrongError):
            share(text)
