"""`hub.yaml`: what it means, and what it says where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from camkeeper.config.fault import ConfigError
from camkeeper.hub import duty
from camkeeper.hub.duty import Duty, load, read


def test_the_template_is_valid_and_says_the_defaults(tmp_path: Path) -> None:
    assert read(duty.TEMPLATE.encode(), "hub.yaml") == Duty()
    assert load(tmp_path) == Duty()
    assert read(b"", "hub.yaml") == Duty()


def test_channels_and_limits_are_read() -> None:
    text = """
name: 临颍县
target: 97.5
alerts: {silent_after_s: 60, channels: [b]}
channels:
  - {id: a, kind: webhook, url: "http://127.0.0.1:9/a"}
  - {id: b, kind: wecom, token: "env:WECOM"}
"""
    found = read(text.encode(), "hub.yaml")
    assert (found.name, found.target_bp, found.told) == ("临颍县", 9750, ("b",))
    assert found.limits.silent_ms == 60_000
    assert [c.id for c in found.channels] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("nmae: x\n", 1, "did you mean name?"),
        ("name: x\ntimezone: Asia/Shanghia\n", 2, "no time zone"),
        ("alerts:\n  silent_after_s: 3\n", 2, "must be from 30 to 86400"),
        ("alerts:\n  channels: [duty]\n", 2, "no channel has the id"),
        ("channels:\n  - id: a\n    kind: webhook\n", 2, "missing"),
        ("channels:\n  - {id: a, kind: wecom, token: abc}\n", 2, "env:"),
        (
            "channels:\n  - {id: a, kind: webhook, url: 'http://x/'}\n  - {id: a, kind: webhook, url: 'http://x/'}",
            3,
            "",
        ),
        ("- a\n", 1, "mapping"),
        ("channels: 3\n", 1, "list"),
    ],
)
def test_each_fault_has_its_line_and_its_remedy(text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text.encode(), "hub.yaml")
    assert [fault.line for fault in caught.value.faults][:1] == [line]
    assert said in str(caught.value.faults[0])
    assert caught.value.faults[0].zh
