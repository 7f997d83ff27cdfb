"""What rows say: cameras of every kind in a site's sums, the monitor of itself, scores of pictures."""

from __future__ import annotations

from dataclasses import replace

from tests.dashboards.township import standing
from tests.monitor.mirror.township import START_MS, snapshot, stories

from camkeeper.ledger.snapshot import DeviceEntry
from camkeeper.ledger.sums import Sum
from camkeeper.mirror.series import MONITOR, SITE_DAY, Place, monitor_row, site_rows
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.mirror import Behind, MirrorStanding
from camkeeper.run.mirrorself import late, self_fields
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.view import LaneStanding


def test_domes_and_checkpoints_count_as_cameras_and_loudspeakers_do_not() -> None:
    config = snapshot(stories(4, 1))
    kinds = (DeviceKind.CAMERA, DeviceKind.PTZ, DeviceKind.CHECKPOINT, DeviceKind.SPEAKER)
    entries = tuple(DeviceEntry(id=f"d{n}", site_id="v1", kind=kind) for n, kind in enumerate(kinds))
    placed = [(Place.of(e.id, e), Sum(lived=10, up=1 << n)) for n, e in enumerate(entries)]
    rows = site_rows(SITE_DAY, replace(config, devices=entries), placed, START_MS, "p/1")
    assert {row.head.split("site=")[1]: dict(row.fields)["up_ms"] for row in rows} == {"v1": 0b111, "town": 0b111}


def test_the_monitor_tells_of_itself_and_of_its_desk() -> None:
    lane = LaneStanding(name="healthy", busy=0, waiting=3, bounds_s=(0.5, 1.0, 2.0), counts=(5, 6, 7, 8), worst_s=4.5)
    mirror = MirrorStanding(url="http://x", behind=Behind(records=4, hours=1, since_ms=1_000), rejected=2)
    view = replace(standing([]).monitor, lanes=(lane,), mirror=mirror, probes_missed=9, last_tick_ms=4_000)
    desk = DeskStanding(at_ms=0, open=(), recent=(), orders=(), dead_letters=(), waiting_letters=6, checked_ms=0)
    fields = dict(self_fields(view, desk, now_ms=5_000))
    assert late(lane) == 15, "later than a second"
    assert fields["healthy_started"] == 26
    assert (fields["mirror_lag_ms"], fields["ledger_lag_ms"], fields["missed"]) == (4_000, 1_000, 9)
    assert (fields["letters_waiting"], fields["incidents_open"], fields["mirror_rejected"]) == (6, 0, 2)
    line = monitor_row(tuple(fields.items()), 5_000).line()
    assert line.startswith(f"{MONITOR} ")
    assert line.endswith(" 5000")


def test_without_a_desk_and_a_mirror_nothing_is_made_up() -> None:
    fields = dict(self_fields(standing([]).monitor, None, now_ms=0))
    assert not [name for name in fields if name.startswith(("mirror", "incidents", "letters"))]
