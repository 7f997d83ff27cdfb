from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.fleet.town import grown_town

from camfleet.targets import Target, behind, faults_of, resolve

TOWN = grown_town()


@pytest.mark.parametrize(
    ("target", "ids"),
    [
        (Target(link=("pole-1",)), {"cam-1", "cam-2"}),
        (Target(link=("sw-1",)), {"cam-1", "cam-2", "switch-1"}),
        (Target(line=("line-a",)), {"cam-1", "cam-2", "switch-1"}),
        (Target(line=("line-b",)), {"cam-3", "speaker-1"}),
        (Target(site=("town",), kind=("speaker",)), {"speaker-1"}),
        (Target(device=("cam-3", "cam-1")), {"cam-1", "cam-3"}),
        (Target(link=("pole-1",), device=("cam-1", "cam-3")), {"cam-1"}),
        (Target(uplink=("up-a",)), {"beacon:up-a:0", "cam-1", "cam-2", "switch-1"}),
        (Target(uplink=("up-all",)), {"beacon:up-all:0", "cam-1", "cam-2", "cam-3", "switch-1", "speaker-1"}),
        (Target(share=1.0), {"cam-1", "cam-2", "cam-3", "switch-1", "speaker-1"}),
    ],
)
def test_whom_a_fault_falls_upon(target: Target, ids: set[str]) -> None:
    assert set(resolve(target, TOWN, draw="1")) == ids


@given(st.floats(0.01, 1), st.text(max_size=5))
def test_a_share_is_drawn_the_same_again_and_of_its_size(share: float, draw: str) -> None:
    target = Target(kind=("camera",), share=share)
    ids = resolve(target, TOWN, draw=draw)
    assert ids == resolve(target, TOWN, draw=draw)
    assert set(ids) <= {"cam-1", "cam-2", "cam-3"}
    assert abs(len(ids) - max(1, share * 3)) <= 0.5


def test_unknown_ids_are_told_with_the_nearest() -> None:
    target = Target(link=("pol-1",), site=("v9",), kind=("camra",), uplink=("up-b",))
    assert [mistake.en for mistake in faults_of(target, TOWN)] == [
        "unknown link 'pol-1' (did you mean pole-1?)",
        "unknown site 'v9' (did you mean v1?)",
        "unknown kind 'camra' (did you mean camera?)",
        "unknown uplink 'up-b' (did you mean up-a?)",
    ]
    with pytest.raises(KeyError):
        behind(TOWN, "pole-9")
