"""Thirty days and six months, against the slow way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.run.test_sla import FIRST, LAST, STORIES, TICK_MS
from tests.monitor.run.township import DAY_MS, NOVEMBER_MS, OCTOBER_MS, ZONE, device, registry, write

from camkeeper.clock import SimulatedClock, Timeline
from camkeeper.ledger.evidence import ABSENT, Piece, filled
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.insight import AGAIN_MS, Insight
from camkeeper.run.past import MONTHS, PastReader, months_before, painted
from camkeeper.run.sla import sla
from camkeeper.run.township import Township
from camkeeper.standing.past import CELL_MS, CELLS

_RANK = [0, Status.UP.code, Status.DEGRADED.code, Status.UNKNOWN.code, Status.DOWN.code]
FIRST_CELL = 1000
PERIOD = Span(start_ms=FIRST_CELL * CELL_MS, end_ms=(FIRST_CELL + CELLS) * CELL_MS)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("past") / "l"
    write(path, FIRST, STORIES, tick_ms=TICK_MS, last=LAST)
    return path


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Span], list[Piece]]:
    cuts = sorted(draw(st.sets(st.integers(PERIOD.start_ms, PERIOD.end_ms), max_size=12)))
    lives = [Span(start_ms=a, end_ms=b) for a, b in pairwise(cuts) if draw(st.booleans())]
    edges = sorted(draw(st.sets(st.integers(PERIOD.start_ms, PERIOD.end_ms), max_size=20)))
    known = [
        Piece(a, b, draw(st.sampled_from([1, 2, 3, 4])), n + 1)
        for n, (a, b) in enumerate(pairwise(edges))
        if draw(st.booleans())
    ]
    return lives, known


def status_at(lives: Sequence[Span], known: Sequence[Piece], at_ms: int) -> int:
    if not any(at_ms in life for life in lives):
        return ABSENT
    return next((p.status for p in known if p.start_ms <= at_ms < p.end_ms), Status.UNKNOWN.code)


@given(histories())
def test_filled_pieces_tile_the_period_and_tell_the_truth(history: tuple[list[Span], list[Piece]]) -> None:
    lives, known = history
    pieces = list(filled(lives, known, PERIOD))
    assert [PERIOD.start_ms, *(p.end_ms for p in pieces)] == [*(p.start_ms for p in pieces), PERIOD.end_ms]
    for piece in pieces:
        for at_ms in (piece.start_ms, (piece.start_ms + piece.end_ms) // 2, piece.end_ms - 1):
            assert piece.status == status_at(lives, known, at_ms)


@given(histories())
def test_a_cell_shows_the_worst_that_happened_in_it(history: tuple[list[Span], list[Piece]]) -> None:
    pieces = list(filled(*history, PERIOD))
    cells = painted(pieces, FIRST_CELL)
    for n, code in enumerate(cells):
        begin = (FIRST_CELL + n) * CELL_MS
        own = [p.status for p in pieces if p.start_ms < begin + CELL_MS and p.end_ms > begin]
        assert code == max(own, key=_RANK.index)


def test_the_past_of_a_ledger(ledger: Path) -> None:
    past = PastReader(path=ledger).read(TICK_MS, ZONE)
    assert set(past.cells) == {"a", "b", "horn", "gone"}
    assert all(len(cells) == CELLS for cells in past.cells.values())
    assert past.first_cell * CELL_MS <= TICK_MS - 29 * DAY_MS
    last = (OCTOBER_MS + 3 * DAY_MS) // CELL_MS - past.first_cell
    assert past.cells["gone"][last - 1] == Status.DOWN.code
    assert past.cells["gone"][-1] == ABSENT
    assert past.cells["horn"][-1] == Status.DOWN.code
    assert past.months == {}


def test_finished_months_are_those_of_sla(ledger: Path) -> None:
    now_ms = NOVEMBER_MS + 5 * DAY_MS
    reader = PastReader(path=ledger)
    past = reader.read(now_ms, ZONE)
    told = sla(ledger, month="2026-10", site_id=None, policy=None, now_ms=now_ms)
    for site in told["sites"]:
        (own,) = past.months[site["id"]]
        net = site["figures"][told["deciding_policy"]]["net"]
        assert (own.month, own.closed, own.target_bp) == ("2026-10", False, site["target_bp"])
        assert (own.figure.verdict, float(own.figure.ratio or 0)) == (net["verdict"], net["ratio"])
    again = reader.read(now_ms + 3_600_000, ZONE)
    assert again.months["town"][0] is past.months["town"][0]  # computed once a day


def test_the_months_before_are_whole_and_in_order() -> None:
    assert months_before(NOVEMBER_MS, ZONE) == ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
    assert len(months_before(OCTOBER_MS - 1, ZONE)) == MONTHS


def test_somebody_may_ask_a_device_once_in_ten_seconds(tmp_path: Path) -> None:
    clock = SimulatedClock(wall_ms=OCTOBER_MS)
    asked: list[str] = []
    room = Insight(
        ledger=tmp_path / "l",
        clock=clock,
        timeline=Timeline(clock),
        township=Township(registry([device("a"), device("b")])),
        ask=asked.append,
    )
    assert room.probe_now(["a", "nobody"]) == {"a"}
    clock.advance(AGAIN_MS - 1)
    assert room.probe_now(["a", "b"]) == {"b"}
    clock.advance(1)
    assert room.probe_now(["a", "b"]) == {"a"}
    assert asked == ["a", "b", "a"]
