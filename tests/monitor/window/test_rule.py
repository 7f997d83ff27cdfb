"""Rules from anybody: read as written, or refused with a named reason, always at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.model.wire import from_json, to_json
from camkeeper.window.rule import Frequency, Rule, RuleError, RuleFault, Weekday, read_rule


def test_as_written() -> None:
    assert read_rule("RRULE:freq=monthly;byday=2tu,-1FR;COUNT=5;WKST=SU") == Rule(
        freq=Frequency.MONTHLY,
        count=5,
        by_weekday=(Weekday(day=1, nth=2), Weekday(day=4, nth=-1)),
        week_start=6,
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", RuleFault.NOT_A_RULE),
        ("every tuesday", RuleFault.NOT_A_RULE),
        ("BYDAY=TU", RuleFault.NO_FREQUENCY),
        ("FREQ=SECONDLY", RuleFault.TOO_OFTEN),
        ("FREQ=MINUTELY;INTERVAL=1440", RuleFault.TOO_OFTEN),
        ("FREQ=HOURLY;COUNT=3", RuleFault.TOO_OFTEN),
        ("FREQ=DAILY;BYSECOND=0,1,2", RuleFault.TOO_OFTEN),
        ("FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,20,40", RuleFault.TOO_OFTEN),
        ("FREQ=DAILY;INTERVAL=0", RuleFault.BAD_VALUE),
        ("FREQ=DAILY;INTERVAL=-1", RuleFault.BAD_VALUE),
        ("FREQ=DAILY;INTERVAL=１", RuleFault.BAD_VALUE),
        ("FREQ=DAILY;COUNT=" + "9" * 400, RuleFault.BAD_VALUE),
        ("FREQ=DAILY;COUNT=0", RuleFault.BAD_VALUE),
        ("FREQ=DAILY;COUNT=3;UNTIL=20260101", RuleFault.COUNT_AND_UNTIL),
        ("FREQ=DAILY;UNTIL=20261301", RuleFault.BAD_VALUE),
        ("FREQ=DAILY;UNTIL=tomorrow", RuleFault.BAD_VALUE),
        ("FREQ=DAILY;FREQ=DAILY", RuleFault.TWICE),
        ("FREQ=DAILY;BYEASTER=0", RuleFault.UNKNOWN_PART),
        ("FREQ=DAILY;X-FOO=1", RuleFault.UNKNOWN_PART),
        ("FREQ=FORTNIGHTLY", RuleFault.BAD_VALUE),
        ("FREQ=DAILY;BYMONTH=13", RuleFault.BAD_VALUE),
        ("FREQ=DAILY;BYMONTHDAY=0", RuleFault.BAD_VALUE),
        ("FREQ=WEEKLY;BYMONTHDAY=3", RuleFault.BAD_VALUE),
        ("FREQ=WEEKLY;BYDAY=2TU", RuleFault.BAD_VALUE),
        ("FREQ=MONTHLY;BYWEEKNO=3", RuleFault.BAD_VALUE),
        ("FREQ=MONTHLY;BYSETPOS=1", RuleFault.BAD_VALUE),
        ("FREQ=WEEKLY;BYDAY=XX", RuleFault.BAD_VALUE),
        ("FREQ=WEEKLY;WKST=1", RuleFault.BAD_VALUE),
        ("FREQ=YEARLY;BYYEARDAY=" + ",".join(["1"] * 200), RuleFault.TOO_LONG),
        ("FREQ=DAILY;" + "A" * 600, RuleFault.TOO_LONG),
    ],
)
def test_refused_with_a_name(text: str, fault: RuleFault) -> None:
    with pytest.raises(RuleError) as told:
        read_rule(text)
    assert told.value.fault is fault
    assert len(str(told.value)) < 120, "a hostile text is not repeated at length"


_PARTS = st.lists(
    st.one_of(
        st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY", "BYDAY=MO,WE", "BYDAY=-1FR"]),
        st.builds("INTERVAL={}".format, st.integers(-1, 2000)),
        st.builds("COUNT={}".format, st.integers(-1, 20000)),
        st.builds("BYMONTHDAY={}".format, st.integers(-32, 32)),
        st.builds("BYMONTH={}".format, st.integers(0, 13)),
        st.sampled_from(["UNTIL=20271231", "UNTIL=20271231T235959Z", "UNTIL=20271231T120000", "BYHOUR=3", "WKST=SU"]),
        st.text(max_size=20),
    ),
    max_size=5,
)


@given(_PARTS)
def test_what_is_read_is_written_alike_and_anything_else_has_a_name(parts: list[str]) -> None:
    try:
        rule = read_rule(";".join(parts))
    except RuleError:
        return
    assert read_rule(str(rule)) == rule
    assert from_json(Rule, to_json(rule)) == rule
