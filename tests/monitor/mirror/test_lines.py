"""Line protocol: what is written is what a server reads."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.mirror.lines import Row, Value, batched, escaped, head, literal, newest_of_each

WORDS = st.text(min_size=1, max_size=12)
SAYABLE = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\\\u2028\u2029"), min_size=1, max_size=12
)
VALUES = st.one_of(
    st.integers(min_value=-(2**63), max_value=2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), WORDS
)


def split(text: str, at: str) -> list[str]:
    """Split where `at` stands neither escaped nor inside a string."""
    out, part, quoted, i = [], "", False, 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text):
            part += text[i : i + 2]
            i += 2
            continue
        if text[i] == '"':
            quoted = not quoted
        if text[i] == at and not quoted:
            out.append(part)
            part = ""
        else:
            part += text[i]
        i += 1
    return [*out, part]


def plain(text: str) -> str:
    return text.replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ")


def read(line: str) -> tuple[str, dict[str, str], dict[str, Value], int]:
    """Read a line as the syntax says: heads have no strings in them, so a quote there is a letter."""
    marked = line
    cut, i = 0, 0
    while i < len(marked):  # the first space that is not escaped ends the head
        if marked[i] == "\\":
            i += 2
            continue
        if marked[i] == " ":
            cut = i
            break
        i += 1
    first, rest = marked[:cut], marked[cut + 1 :]
    fields_text, at = split(rest, " ")
    name, *tags = split(first.replace('"', "\0"), ",")
    pairs = [split(tag, "=") for tag in tags]
    fields: dict[str, Value] = {}
    for one in split(fields_text, ","):
        key, value = split(one, "=")
        if value.startswith('"'):
            fields[plain(key)] = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        else:
            fields[plain(key)] = int(value[:-1]) if value.endswith("i") else float(value)
    return (
        plain(name).replace("\0", '"'),
        {plain(k).replace("\0", '"'): plain(v).replace("\0", '"') for k, v in pairs},
        fields,
        int(at),
    )


@given(SAYABLE, st.dictionaries(SAYABLE, SAYABLE, max_size=4), VALUES, st.integers(-(2**62), 2**62))
def test_what_is_written_is_read_back(name: str, tags: dict[str, str], value: Value, at_ms: int) -> None:
    line = Row(head(name, tags), (("value", value),), at_ms).line()
    assert read(line) == (name, tags, {"value": value}, at_ms)


@given(WORDS)
def test_no_name_ends_a_line_or_eats_what_follows(word: str) -> None:
    said = escaped(word)
    assert not any(c in said for c in "\n\r\0")
    assert not said.endswith("\\") or len(said) > 1
    assert read(f"m,t={said} v=1i 5")[2:] == ({"v": 1}, 5)


def test_an_empty_tag_is_left_out() -> None:
    assert head("m", {"b": "2", "a": ""}) == "m,b=2"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_number_is_no_field(number: float) -> None:
    with pytest.raises(ValueError, match="no number"):
        literal(number)


ROWS = st.lists(st.builds(Row, st.sampled_from(["m,a=1", "m,a=2"]), st.just((("v", 1),)), st.integers(0, 20)))


@given(ROWS, st.integers(1, 7), st.integers(1, 60))
def test_batches_have_every_line_once_and_are_bounded(rows: list[Row], lines: int, size: int) -> None:
    found = list(batched(rows, most_lines=lines, most_bytes=size))
    assert [line for batch in found for line in batch] == [row.line().encode() for row in rows]
    for batch in found:
        assert 1 <= len(batch) <= lines
        assert len(batch) == 1 or sum(len(line) + 1 for line in batch) <= size


@given(ROWS)
def test_the_last_of_a_series_and_instant_stands(rows: list[Row]) -> None:
    numbered = [Row(row.head, (("v", n),), row.at_ms) for n, row in enumerate(rows)]
    kept = newest_of_each(numbered)
    assert {(r.head, r.at_ms): r for r in kept} == {(r.head, r.at_ms): r for r in numbered}
    assert len(kept) == len({(r.head, r.at_ms) for r in rows})
