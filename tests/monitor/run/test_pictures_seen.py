"""The same path with eyes: rendered villages, the real decoding process, learned baselines, a cover and a turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.run.watched import MINUTE, NOON_MS, Watch, village

from camfleet.faults import Fault, FaultKind
from camfleet.pictures import render
from camkeeper.jpeg import read_header
from camkeeper.model.picture import Context, PicturePolicy, PictureVerdict
from camkeeper.picture.worker import PictureWorker

POLICY = PicturePolicy(learn_frames=5, learn_until=8, learn_every_ms=10 * MINUTE)
COVER = Fault(kind=FaultKind.COVER, how="board", share=0.8)
TURNED = Fault(kind=FaultKind.MOVED, by_deg=12.0)


class Street:
    """One rendered camera under watch."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    async def show(self, *faults: Fault, minutes: int = 15) -> None:
        watch = self.watch
        watch.clock.advance(minutes * MINUTE)
        camera = watch.registry.device_by_id["c1"]
        data = render(camera, watch.registry, watch.clock.wall_ms(), faults, size=(1280, 720))
        watch.pictures.on_picture("c1", data)
        await watch.see({})


@pytest.mark.slow
async def test_a_street_is_learned_covered_cleared_and_turned(tmp_path: Path) -> None:
    async with PictureWorker() as worker, Watch(tmp_path, village(1, POLICY), worker, at_ms=NOON_MS) as watch:
        street = Street(watch)
        for _ in range(8):
            await street.show()
        assert watch.told == []
        learned = watch.album.baseline("c1", Context.DAY)
        assert learned is not None
        assert (learned[0].frames, learned[0].version) == (8, 2)
        assert len(learned[1]) <= 524_288
        for _ in range(3):
            await street.show(COVER)
        [covered] = watch.recorded()
        assert covered.verdict is PictureVerdict.COVER, watch.pictures.looks["c1"]
        watch.album.vacuum().result(5)  # what was put before it is on disk then
        kept = watch.album.thumbnail("c1")
        assert kept is not None
        header = read_header(kept.jpeg)
        assert (header.width <= 160, header.height <= 90) == (True, True)
        for _ in range(2):
            await street.show()
        assert watch.recorded() == ()
        watch.album.vacuum().result(5)
        assert watch.album.thumbnail("c1") is None
        for _ in range(4):
            await street.show(TURNED)
        [moved] = watch.recorded()
        assert moved.verdict is PictureVerdict.MOVED, watch.pictures.looks["c1"]
        assert moved.turn is not None
        assert moved.turn.yaw_deg == pytest.approx(12.0, abs=1.0)
        assert watch.pictures.counts.failed == 0
