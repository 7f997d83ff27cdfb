"""Law: whatever becomes of a valid file, the reader answers with a Registry or a ConfigError whose lines exist."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from camkeeper.config import ConfigError, read

FILE = Path(__file__).parent / "good.yaml"
GOOD = FILE.read_bytes()
SCRAPS = [
    b"\t", b"\n", b"\r", b" ", b"- ", b": ", b"{", b"}", b"[", b"]", b"&a ", b"*a", b"!!int ", b"'", b'"', b"#", b"|",
    b">", b"%", b"@", b"`", b"~", b"null", b"yes", b"-1", b"1e9", b"0x1f", b".inf", b".nan", b"0123", b"9" * 400,
    b"\x00", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xed\xa0\x80", b"---\n", b"...\n", b"? ",
    b"<<: ", "大".encode(), "大".encode("gb18030"), b"id: v1", b"sites:\n", b"point: [1, 2]", b"10.1.1.1",
    b"2026-13-01T00:00:00Z",
]  # fmt: skip

place = st.integers(0, len(GOOD))
mutation = st.one_of(
    st.tuples(st.just("insert"), place, st.sampled_from(SCRAPS)),
    st.tuples(st.just("replace"), place, st.sampled_from(SCRAPS)),
    st.tuples(st.just("cut"), place, st.integers(1, 60)),
    st.tuples(st.just("copy"), place, st.integers(1, 200)),
    st.tuples(st.just("line"), st.integers(0, GOOD.count(b"\n")), st.integers(0, GOOD.count(b"\n"))),
)


def mutated(data: bytes, steps: list[tuple[str, int, object]]) -> bytes:
    for kind, at, what in steps:
        if kind == "line" and isinstance(what, int):
            lines = data.split(b"\n")
            lines[at % len(lines)] = lines[what % len(lines)]
            data = b"\n".join(lines)
        elif isinstance(what, bytes):
            data = data[:at] + what + data[at + (len(what) if kind == "replace" else 0) :]
        elif isinstance(what, int):
            data = data[:at] + data[at + what :] if kind == "cut" else data[:at] + data[at : at + what] + data[at:]
    return data


@given(st.lists(mutation, min_size=1, max_size=6))
@settings(max_examples=1500, deadline=None)
@example([("cut", 0, len(GOOD))])
@example([("insert", len(GOOD), b"[")])
def test_a_mutated_file_is_read_or_refused_with_lines_that_exist(steps: list[tuple[str, int, object]]) -> None:
    data = mutated(GOOD, steps)
    try:
        loaded = read(data, str(FILE))
    except ConfigError as error:
        told = error.faults
        assert told
    else:
        told = loaded.warnings
    lines = data.count(b"\n") + (0 if data.endswith(b"\n") else 1)
    assert all(0 <= fault.line <= max(1, lines) for fault in told)
    assert all(fault.zh and fault.en and "\n" not in f"{fault}{fault.chinese}" for fault in told)


@given(st.text() | st.binary())
@settings(max_examples=300, deadline=None)
def test_anything_at_all_is_refused_politely(data: str | bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        read(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"), "x.yaml")
    assert caught.value.faults


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_every_unknown_key_is_told_at_its_line(data: st.DataObject) -> None:
    lines = GOOD.decode().splitlines()
    entries = [n for n, line in enumerate(lines) if line.startswith("- {id: ")]
    marred = data.draw(st.sets(st.sampled_from(entries), min_size=1))
    for n in marred:
        lines[n] = lines[n].replace("- {id: ", "- {zzz: 1, id: ")
    with pytest.raises(ConfigError) as caught:
        read("\n".join(lines).encode(), str(FILE))
    assert [f.line for f in caught.value.faults] == [n + 1 for n in sorted(marred)]
    assert all(f.path.endswith(".zzz") for f in caught.value.faults)
