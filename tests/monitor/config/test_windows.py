"""Windows that come again in the configuration: read as plans, refused with line and reason, taken over at a reload."""

from __future__ import annotations

from pathlib import Path

import pytest

from camkeeper.config import ConfigError, load
from camkeeper.config.diff import diff
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.window.plan import WindowPlan

GOOD = Path(__file__).parent / "good.yaml"
SPAN = "start: 2026-10-06T09:00:00+08:00, end: 2026-10-06T10:00:00+08:00"


def read(tmp_path: Path, entry: str) -> Registry:
    text = GOOD.read_text(encoding="utf-8")
    for near in GOOD.parent.glob("*.geojson"):
        (tmp_path / near.name).write_bytes(near.read_bytes())
    head, mark, rest = text.partition("\nwindows:\n")
    assert mark
    path = tmp_path / "cameras.yaml"
    path.write_text(f"{head}{mark}- {{id: again, {entry}}}\n{rest}", encoding="utf-8")
    return load(path)


def test_a_rule_makes_a_plan(tmp_path: Path) -> None:
    entry = f"kind: maintenance, {SPAN}, reason: 保养, links: [sw]"
    found = read(tmp_path, f'{entry}, rule: "FREQ=WEEKLY;BYDAY=TU", until: 2026-11-03T00:00:00+08:00')
    (plan,) = found.plans
    assert isinstance(plan, WindowPlan)
    assert plan.until_ms is not None
    ids = [w.id for w in plan.windows(Span(start_ms=0, end_ms=2 * plan.until_ms))]
    days = ("10-06", "10-13", "10-20", "10-27")  # the zone's clocks change meanwhile; its local time does not
    assert [i[:16] for i in ids] == [f"again@2026-{day}" for day in days]
    assert len({i[16:] for i in ids}) == 1
    assert {d.id for d in found.devices if found.plans_of(d)} == {"cam-1", "sw-1"}
    changes = diff(load(GOOD), found)
    assert "plans" in changes.parts_changed
    assert changes.windows_changed


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (f'kind: maintenance, {SPAN}, reason: x, rule: "FREQ=HOURLY"', "wants a rule as FREQ=WEEKLY"),
        (f"kind: maintenance, {SPAN}, reason: x, rule: [a]", "wants a rule as FREQ=WEEKLY"),
        (f"kind: maintenance, {SPAN}, reason: x, until: 2026-11-01T00:00:00+08:00", "belongs to a rule"),
        (
            f'kind: exclusion, {SPAN}, reason: x, evidence: a, approver: b, rule: "FREQ=DAILY"',
            "an exclusion that comes again wants an evidence file",
        ),
        (
            f'kind: maintenance, {SPAN.replace("06T10", "08T10")}, reason: x, rule: "FREQ=DAILY"',
            "begin again before it is over",
        ),
        (
            f'kind: maintenance, {SPAN.replace("2026", "2010")}, reason: x, rule: "FREQ=DAILY"',
            "begins in 2015 or later",
        ),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, entry: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(tmp_path, entry)
    (found,) = [str(fault) for fault in told.value.faults]
    assert said in found
    assert "windows.0" in found
