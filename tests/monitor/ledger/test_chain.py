"""The chain: one spelling, sealed; transitions survive being written and read."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.ledger import chain, journal
from camkeeper.ledger.chain import Kind
from camkeeper.ledger.months import month_of, month_start_ms, split
from camkeeper.model.change import Transition
from camkeeper.model.probing import Sample
from camkeeper.model.status import Reason, Status

INSTANTS = st.integers(min_value=0, max_value=4_000_000_000_000)
TRANSITIONS = st.builds(
    lambda at, delay, old, new, reason: Transition(
        device_id="d", at_ms=at, decided_ms=at + delay, old=old, new=new, reason=reason
    ),
    INSTANTS,
    st.integers(min_value=0, max_value=10**9),
    st.just(Status.UP),
    st.sampled_from([Status.DOWN, Status.DEGRADED, Status.UNKNOWN]),
    st.sampled_from(Reason),
)


@given(TRANSITIONS, st.integers(min_value=1, max_value=2**31 - 1))
def test_transition_is_read_as_written(transition: Transition, device: int) -> None:
    body = chain.transition_body(device, transition)
    assert chain.read_transition("d", transition.at_ms, body) == transition
    assert body == chain.compact([device, transition.old.code, transition.new.code, transition.reason.code,
                                  transition.decided_ms - transition.at_ms])  # fmt: skip


def test_hash_is_what_the_document_says() -> None:
    ledger_id, created_ms, body = bytes(range(16)), 1_790_000_000_000, b'{"a":1}'
    first = hashlib.sha256(b"camkeeper ledger 1" + ledger_id + struct.pack(">q", created_ms)).digest()
    assert chain.genesis(ledger_id, created_ms) == first
    fields = struct.pack(">QBqI", 1, 6, -5, len(body))
    assert chain.sealed(first, 1, Kind.SEAL, -5, body) == hashlib.sha256(first + fields + body).digest()


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(-(2**40), 2**40), st.binary(max_size=20)), min_size=2, max_size=2)
)
def test_different_records_have_different_hashes(two: list[tuple[int, int, bytes]]) -> None:
    one, other = (chain.sealed(b"\0" * 32, 7, *record) for record in two)
    assert (one == other) == (two[0] == two[1])


def test_config_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    body = chain.config_body({"sites": ["x" * 1000] * 1000})
    monkeypatch.setattr(chain, "MAX_CONFIG_BYTES", 10_000)
    with pytest.raises(ValueError, match="too large"):
        chain.read_config(body)
    with pytest.raises(ValueError, match="does not unpack"):
        chain.read_config(b"not zlib")


@given(
    st.lists(
        st.builds(
            Sample,
            device_id=st.sampled_from(["a", "b", "c"]),
            at_ms=INSTANTS,
            status=st.sampled_from(Status),
            reason=st.sampled_from(Reason),
        )
    )
)
def test_samples_are_read_as_written(samples: list[Sample]) -> None:
    numbers = {"a": 1, "b": 2, "c": 70_000}
    blob = journal.pack(samples, numbers)
    assert len(blob) == journal.SAMPLE_BYTES * len(samples)
    assert list(journal.unpack(blob, {n: i for i, n in numbers.items()})) == samples


@given(INSTANTS, st.integers(min_value=0, max_value=400 * 86_400_000))
def test_pieces_of_months_add_up(t0: int, length: int) -> None:
    pieces = list(split(t0, t0 + length))
    assert sum(end - start for _, start, end in pieces) == length
    assert [start for _, start, _ in pieces[1:]] == [end for _, _, end in pieces[:-1]]
    for month, start, end in pieces:
        assert month_start_ms(month) <= start < end <= month_start_ms(month + 1)
        assert month_of(start) == month_of(end - 1) == month
