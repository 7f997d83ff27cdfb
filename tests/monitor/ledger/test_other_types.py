"""A flipped bit can make a value one of another type: `verify` tells of it, whatever reading then raises."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.monitor.ledger.stories import open_ledger

from camkeeper.ledger import Batch, LifeChange
from camkeeper.ledger.verify import verify
from camkeeper.model.probing import Sample
from camkeeper.model.status import Reason, Status

T0 = 1_790_000_000_000


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal SET tick_ms = 'x'",
        "UPDATE journal SET from_seq = 0.5",
        "UPDATE chain SET at_ms = 1.5 WHERE seq = 2",
        "UPDATE poller SET sealed_ms = x'00'",
        "UPDATE track_checkpoint SET tracks = 7",
        "UPDATE ledger SET created_ms = 'x'",
        "ALTER TABLE order_watch RENAME COLUMN order_number TO oreer_number",
    ],
)
def test_a_value_of_another_type_is_told(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "l"
    with open_ledger(path, wall_ms=T0) as ledger:
        ledger.append(Batch(lives=(LifeChange(device_id="a", at_ms=T0, enrolled=True),), tick_ms=T0)).result(10)
        sample = Sample(device_id="a", at_ms=T0 + 1, status=Status.UP, reason=Reason.RECOVERED)
        ledger.append(Batch(samples=(sample,), tick_ms=T0 + 2)).result(10)
        ledger.checkpoint(()).result(10)
    assert verify(path).ok
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints = ON")
    db.execute(damage)
    db.close()
    assert verify(path).faults
