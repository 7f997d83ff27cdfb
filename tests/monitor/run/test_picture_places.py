"""Domes and repairs in the running monitor: what a picture is held against, and when that changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.monitor.run.watched import MINUTE, NOON_MS, SaysWhatItShows, Watch, village

from camkeeper.judge.repair import Claim
from camkeeper.model.dome import DomeReport, Place, Position
from camkeeper.model.picture import Context, PicturePolicy, PictureVerdict, Turn
from camkeeper.model.registry import Registry
from camkeeper.picture.examined import Examined
from camkeeper.picture.worker import Job

HOME = DomeReport(position=Position(pan=0.25, tilt=-0.5, zoom=0.1), moving=False)
GATE = DomeReport(position=Position(pan=-0.6, tilt=-0.4, zoom=0.1), moving=False)
SILENT = DomeReport()
POLICY = PicturePolicy(learn_frames=2, learn_until=3, learn_every_ms=MINUTE)
V = PictureVerdict


class Turned(SaysWhatItShows):
    """Reads `moved 2.5` as turned by so many degrees; without a baseline nothing is known of that."""

    async def examine(self, job: Job) -> Examined:
        word, _, degrees = job.data.decode().partition(" ")
        found = await super().examine(replace(job, data=word.encode()))
        self.jobs[-1] = job
        if not degrees:
            return found
        if job.baseline is None:
            return await super().examine(replace(job, data=b"ok"))
        turn = Turn(yaw_deg=float(degrees), pitch_deg=0.0, roll_deg=0.0, error_deg=0.2, method="features", support=40.0)
        return replace(found, diagnosis=replace(found.diagnosis, turn=turn))


def dome_village() -> Registry:
    return village(1, POLICY, 1)


async def see(watch: Watch, *shown: str, report: DomeReport | None = None) -> None:
    for what in shown:
        watch.clock.advance(10 * MINUTE)
        watch.pictures.on_picture("c1", what.encode(), report=report)
        await watch.see({})


def baselines(watch: Watch) -> list[tuple[int, bool]]:
    return [(b.version, b.accepted) for b in watch.album.baselines("c1")]


async def test_a_dome_is_learned_at_home_and_turned_at_home_is_moved(tmp_path: Path) -> None:
    async with Watch(tmp_path, dome_village(), Turned()) as watch:
        for _ in range(5):
            await see(watch, "ok", report=HOME)
            await see(watch, "ok", report=GATE)
        look = watch.pictures.looks["c1"]
        assert (look.place, look.baseline) == (Place.ELSEWHERE, None)
        assert baselines(watch) == [(1, True), (2, False)]
        assert watch.pictures.learning.learnt("c1")[Context.DAY] == 3  # of home alone
        await see(watch, "other_scene", "moved 30", "cover", "other_scene", report=GATE)
        await see(watch, "moved 30", "cover", "blur", "cover", report=SILENT)
        await see(watch, "moved 30", "moved 30", "moved 30", report=replace(HOME, moving=True))
        assert watch.recorded() == ()
        await see(watch, "moved 30", "moved 30", report=HOME)
    async with Watch(tmp_path, dome_village(), Turned(), at_ms=watch.clock.wall_ms()) as again:
        await see(again, "ok", report=GATE)
        await see(again, "moved 30", report=HOME)
        (found,) = again.recorded()
        assert found.verdict is V.MOVED
        assert found.turn is not None
        assert found.turn.yaw_deg == pytest.approx(30.0)
        await see(again, "ok", "ok", "ok", report=GATE)
        assert again.recorded() == (found,)  # a good picture of elsewhere disproves nothing
        await see(again, "ok", "ok", report=HOME)
        assert again.recorded() == ()


async def test_what_blinds_a_dome_is_seen_wherever_it_points(tmp_path: Path) -> None:
    async with Watch(tmp_path, dome_village(), Turned()) as watch:
        await see(watch, *["ok"] * 6, report=HOME)
        await see(watch, "no_signal", report=GATE)
        await see(watch, "no_signal", report=replace(GATE, moving=True))
        assert [f.verdict for f in watch.recorded()] == [V.NO_SIGNAL]
        await see(watch, "ok", "ok", report=GATE)
        assert watch.recorded() == ()


async def test_what_a_dome_taught_before_it_said_where_it_points_is_not_used(tmp_path: Path) -> None:
    async with Watch(tmp_path, dome_village(), Turned()) as watch:
        await see(watch, *["ok"] * 3, report=SILENT)
        assert watch.pictures.looks["c1"].baseline is not None
        await see(watch, *["moved 40"] * 3, report=HOME)
        assert watch.recorded() == ()
        assert watch.pictures.looks["c1"].baseline is None
        await see(watch, "ok", report=HOME)
        assert watch.pictures.learning.learnt("c1")[Context.DAY] == 2
        # Somebody moved the home preset: another position, another baseline.
        await see(watch, "moved 40", "moved 40", "ok", report=replace(GATE, home=GATE.position))
        assert watch.recorded() == ()
        assert watch.pictures.looks["c1"].baseline is not None


async def follow(watch: Watch, **claims: Claim) -> None:
    await watch.pictures.follow_repairs(claims)


def claimed(watch: Watch, *, proved: bool = False, at_ms: int | None = None) -> Mapping[str, Claim]:
    return {"c1": Claim(at_ms=watch.clock.wall_ms() if at_ms is None else at_ms, proved=proved)}


async def test_put_back_nearly_as_it_was_is_repaired_and_learned_from_then_on(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(1, POLICY), Turned()) as watch:
        await see(watch, *["ok"] * 4)
        assert baselines(watch) == [(1, True), (2, False)]
        await see(watch, *["moved 20"] * 3)
        assert [f.verdict for f in watch.recorded()] == [V.MOVED]
        claim = claimed(watch)
        await follow(watch, **claim)
        await see(watch, "moved 2")
        assert watch.pictures.looks["c1"].baseline == 1  # held against the accepted one
        assert watch.pictures.looks["c1"].diagnosis.advisory == ("reaimed",)
        await see(watch, "moved 2")
        assert watch.recorded() == ()
        await follow(watch, c1=replace(claim["c1"], proved=True))
        await see(watch, "moved 2", "moved 2")
        await follow(watch)  # closed long ago
        assert baselines(watch)[0] == (1, True)
        newest = baselines(watch)[-1]
        assert newest == (3, False)
    async with Watch(tmp_path, village(1, POLICY), Turned(), at_ms=watch.clock.wall_ms()) as again:
        await see(again, "ok")
        assert again.pictures.looks["c1"].baseline == 3
        await see(again, *["moved 3"] * 3)  # against the new one: told as ever
        assert [f.verdict for f in again.recorded()] == [V.MOVED]


async def test_repaired_on_paper_stays_turned(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(1, POLICY), Turned()) as watch:
        await see(watch, *["ok"] * 4)
        await see(watch, *["moved 20"] * 3)
        (before,) = watch.recorded()
        claim = claimed(watch)
        await follow(watch, **claim)
        await see(watch, *["moved 20"] * 3)
        await follow(watch, c1=replace(claim["c1"], proved=True))  # whoever signed it
        await see(watch, *["moved 20"] * 3)
        assert [(f.verdict, f.since_ms) for f in watch.recorded()] == [(V.MOVED, before.since_ms)]
        assert baselines(watch) == [(1, True), (2, False)]
        await follow(watch)  # reopened
        await see(watch, "ok", "ok")
        assert watch.recorded() == ()
        assert watch.pictures.looks["c1"].baseline == 2  # nothing was set aside


async def test_repaired_as_it_was_needs_no_other_baseline_and_a_command_ends_the_guard(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(1, POLICY), Turned()) as watch:
        await see(watch, *["ok"] * 4)
        await see(watch, *["cover"] * 3)
        claim = claimed(watch, at_ms=NOON_MS)
        await follow(watch, **claim)
        await see(watch, "ok", "ok")
        await follow(watch, c1=replace(claim["c1"], proved=True))
        await see(watch, "ok")
        assert watch.pictures.looks["c1"].baseline == 2
        await follow(watch, **claimed(watch))
        await watch.pictures.relearn("c1")
        await follow(watch, **claimed(watch, at_ms=watch.clock.wall_ms() - 1))
        await see(watch, "moved 40")
        assert watch.pictures.looks["c1"].baseline is None  # it is meant to look so
        await asyncio.sleep(0)
