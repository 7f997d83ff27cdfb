"""An answer shown again is the answer that would be given anew, or the one whose pages are being turned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dashboards.report_town import FIRST, SECOND, TICK_MS, registered, written
from tests.monitor.run.township import HOUR_MS

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger
from camkeeper.model.change import Transition
from camkeeper.model.status import Reason, Status
from camkeeper.run.why import SAME_MS, TURNED_MS, WhyKept, why
from camkeeper.standing.why import Why, WhyAsk


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "a.ledger"
    written(path, registered(3, 9))
    return path


def ask(path: Path, kept: WhyKept | None, now_ms: int = TICK_MS, **wanted: object) -> Why:
    return why(path, WhyAsk(**wanted), judge=None, now_ms=now_ms, kept=kept)  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(
        st.tuples(
            st.sampled_from([FIRST, SECOND]),
            st.sampled_from(["town", "v01", "v02"]),
            st.integers(0, 12),
            st.integers(0, 40),
            st.integers(1, 20),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_same_rows_as_of_a_fresh_answer(ledger: Path, asked: list[tuple[str, str, int, int, int]]) -> None:
    kept = WhyKept()
    for month, site, parts, stretches, count in asked:
        wanted: dict[str, Any] = {
            "month": month, "site_id": site, "parts_from": parts, "stretches_from": stretches, "count": count,
        }  # fmt: skip
        assert ask(ledger, kept, **wanted) == ask(ledger, None, **wanted)


def test_a_running_month_is_as_new_as_its_head(tmp_path: Path) -> None:
    path = tmp_path / "b.ledger"
    registry = registered(3, 9)
    written(path, registry)
    kept = WhyKept()
    first = ask(path, kept, month=SECOND, site_id="town")
    assert ask(path, kept, TICK_MS + SAME_MS - 1, month=SECOND, site_id="town") == first
    assert ask(path, kept, TICK_MS + SAME_MS, month=SECOND, site_id="town").period != first.period
    kept = WhyKept()
    first = ask(path, kept, TICK_MS, month=SECOND, site_id="town")
    with Ledger.open(path, boot=Boot(boot_id="c", version="t"), clock=SimulatedClock(wall_ms=TICK_MS)) as opened:
        at_ms = TICK_MS - HOUR_MS
        down = Transition(
            device_id="cam-0000", at_ms=at_ms, decided_ms=at_ms, old=Status.UP, new=Status.DOWN, reason=Reason.NO_ANSWER
        )
        opened.append(Batch(transitions=(down,), tick_ms=TICK_MS + 1000)).result(10)
    turned = ask(path, kept, TICK_MS + 2000, month=SECOND, site_id="town", stretches_from=50)
    assert turned.net == first.net, "whoever turns a page goes on in the same answer"
    assert ask(path, kept, TICK_MS + 2000 + TURNED_MS, month=SECOND, site_id="town", stretches_from=50).net != first.net
    fresh = ask(path, kept, TICK_MS + 2000 + TURNED_MS, month=SECOND, site_id="town")
    assert fresh.net.buckets.down_ms > first.net.buckets.down_ms


def test_a_closing_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "c.ledger"
    written(path, registered(3, 9))
    kept = WhyKept()
    assert ask(path, kept, month=FIRST, site_id="town").closed == ""
    with Ledger.open(path, boot=Boot(boot_id="c", version="t"), clock=SimulatedClock(wall_ms=TICK_MS)) as opened:
        opened.close_month(FIRST, zone="Asia/Shanghai", by="李主任").result(10)
    assert ask(path, kept, month=FIRST, site_id="town").closed == "李主任"
