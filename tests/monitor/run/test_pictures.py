"""From snapshots to findings: on record, in the album, over restarts; thumbnails come and go with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.monitor.run.watched import HOUR, MINUTE, NOON_MS, THUMBNAIL, SaysWhatItShows, Watch, village, without_mounts

from camkeeper.model.picture import Context, PicturePolicy, PictureVerdict, Scope
from camkeeper.model.registry import Registry
from camkeeper.run.pictures.optics import NOWHERE, places
from camkeeper.run.pictures.pictures import MAX_UNDER_WAY


async def test_a_covered_camera_is_on_record_with_a_thumbnail_until_it_is_well_again(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(3)) as watch:
        watch.taught("c1")
        await watch.see({"c1": "ok"})
        for _ in range(2):
            await watch.see({"c1": "cover"}, minutes=10)
        assert watch.told == []
        assert watch.album.thumbnail("c1") is None  # nothing is kept of what is not proved
        await watch.see({"c1": "cover"}, minutes=10)
        [finding] = watch.recorded()
        assert (finding.verdict, finding.since_ms) == (PictureVerdict.COVER, NOON_MS + 10 * MINUTE)
        kept = watch.album.thumbnail("c1")
        assert kept is not None
        assert (kept.jpeg, kept.since_ms) == (THUMBNAIL, finding.since_ms)
        assert watch.pictures.proof.finding("c1") == finding
        for _ in range(2):
            await watch.see({"c1": "ok"}, minutes=10)
        assert watch.recorded() == ()
        watch.album.vacuum().result(5)
        assert watch.album.thumbnail("c1") is None


async def test_a_restart_at_any_moment_changes_nothing(tmp_path: Path) -> None:
    story = ["ok", "cover", "cover", "cover", "cover", "ok", "ok", "blur"]
    told = []
    for restarts in (False, True):
        folder = tmp_path / str(restarts)
        folder.mkdir()
        watch = Watch(folder, village(1))
        findings = []
        if restarts:
            for n, what in enumerate(story):
                watch = Watch(folder, village(1), at_ms=NOON_MS + n * 10 * MINUTE)
                async with watch:
                    watch.taught("c1")
                    await watch.see({"c1": what})
                findings += watch.told
        else:
            async with watch:
                for n, what in enumerate(story):
                    watch.taught("c1")
                    await watch.see({"c1": what}, minutes=10 if n else 0)
            findings = watch.told
        told.append(findings)
    assert told[0] == told[1]
    assert [f.verdict for f in told[0]] == [PictureVerdict.COVER, PictureVerdict.OK]


async def covered(folder: Path) -> None:
    async with Watch(folder, village(2)) as watch:
        watch.taught("c1")
        for _ in range(4):
            await watch.see({"c1": "cover"}, minutes=10)
        assert [f.verdict for f in watch.told] == [PictureVerdict.COVER]


def delete_album(folder: Path) -> None:
    for file in folder.glob("a*"):
        file.unlink()


async def test_without_the_album_the_record_still_knows_and_good_looks_end_it(tmp_path: Path) -> None:
    await covered(tmp_path)
    delete_album(tmp_path)
    async with Watch(tmp_path, village(2), at_ms=NOON_MS + HOUR) as watch:
        assert watch.told == []
        assert watch.pictures.proof.finding("c1") == watch.recorded()[0]
        watch.taught("c1")
        await watch.see({"c1": "ok"}, minutes=10)
        await watch.see({"c1": "ok"}, minutes=10)
        assert watch.recorded() == ()


async def test_what_the_record_missed_is_told_again_and_what_the_album_missed_is_not(tmp_path: Path) -> None:
    await covered(tmp_path)
    async with Watch(tmp_path, village(2), at_ms=NOON_MS + HOUR) as watch:
        [finding] = watch.recorded()
        for recorded, told in (((), [finding]), ((finding,), [])):
            watch.told.clear()
            await watch.pictures.restore(recorded)
            assert watch.told == told
        over = replace(finding, verdict=PictureVerdict.OK, since_ms=NOON_MS + HOUR, decided_ms=NOON_MS + HOUR)
        await watch.pictures.restore((over,))  # the end is on record, the album is from before it
        assert watch.told == []
        assert watch.pictures.proof.finding("c1") is None
        blurred = replace(finding, verdict=PictureVerdict.BLUR, decided_ms=finding.decided_ms + MINUTE)
        await watch.pictures.restore((blurred,))
        assert watch.told == []
        assert watch.pictures.proof.finding("c1") == blurred


async def test_weather_is_nobody_s_fault_and_leaves_no_thumbnail(tmp_path: Path) -> None:
    everybody = [f"c{n}" for n in range(1, 6)]
    async with Watch(tmp_path, village(5)) as watch:
        for device_id in everybody:
            watch.taught(device_id)
        for _ in range(8):
            await watch.see(dict.fromkeys(everybody, "fog"), minutes=15)
        assert {f.scope for f in watch.told} == {Scope.WEATHER}
        assert len(watch.recorded()) == 5
        assert watch.album.thumbnailed() == frozenset()


async def test_time_decides_what_waited_for_company(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(5)) as watch:
        watch.taught("c1")
        for _ in range(6):
            await watch.see({"c1": "fog"}, minutes=15)
        assert watch.told == []
        for _ in range(5):
            await watch.see({}, minutes=15)
        assert [(f.device_id, f.scope) for f in watch.told] == [("c1", Scope.DEVICE)]
        watch.album.vacuum().result(5)
        assert watch.album.thumbnailed() == {"c1"}


async def test_what_waited_for_company_is_not_lost_with_the_fleet_s_memory(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(5)) as watch:
        watch.taught("c1")
        for _ in range(6):
            await watch.see({"c1": "fog"}, minutes=15)
        at_ms = watch.clock.wall_ms()
    async with Watch(tmp_path, village(5), at_ms=at_ms) as watch:
        watch.album._writer.put(lambda desk: desk.db.execute("DELETE FROM fleet")).result(5)
    for minutes, told in ((30, []), (90, [("c1", PictureVerdict.FOG)])):
        async with Watch(tmp_path, village(5), at_ms=at_ms + minutes * MINUTE) as watch:
            watch.album._writer.put(lambda desk: desk.db.execute("DELETE FROM fleet")).result(5)
            await watch.see({})
            assert [(f.device_id, f.verdict) for f in watch.told] == told


async def test_healthy_looks_an_hour_apart_become_a_baseline_that_grows(tmp_path: Path) -> None:
    worker = SaysWhatItShows()
    policy = PicturePolicy(learn_frames=2, learn_until=5, learn_every_ms=10 * MINUTE)
    async with Watch(tmp_path, village(1, policy), worker) as watch:
        assert watch.pictures.learning.learnt("c1") == {Context.DAY: 0, Context.NIGHT: 0}
        for what in ("ok", "ok", "blur", "ok", "cast"):  # a minute apart: of these, one is learned from
            await watch.see({"c1": what}, minutes=1)
        assert watch.pictures.learning.learnt("c1")[Context.DAY] == 1
        assert worker.learned == []
        await watch.see({"c1": "blur"}, minutes=10)
        assert worker.jobs[-1].learn
        assert worker.learned == []  # never of a picture that alarms
    async with Watch(tmp_path, village(1, policy), worker, at_ms=NOON_MS + HOUR) as watch:
        for _ in range(6):
            await watch.see({"c1": "ok"}, minutes=10)
        assert worker.learned == [(2, Context.DAY), (4, Context.DAY), (5, Context.DAY)]
        assert worker.jobs[-1].baseline is not None
        assert watch.pictures.looks["c1"].baseline == 3
        assert not worker.jobs[-1].learn  # enough
        assert watch.pictures.learning.learnt("c1")[Context.DAY] == 5
        await watch.pictures.learning.relearn("c1")
        await watch.see({"c1": "ok"}, minutes=10)
        assert worker.jobs[-1].baseline is None
        assert worker.jobs[-1].learn


async def test_a_camera_under_suspicion_teaches_nothing(tmp_path: Path) -> None:
    worker = SaysWhatItShows()
    policy = PicturePolicy(learn_frames=2, learn_every_ms=MINUTE)
    async with Watch(tmp_path, village(1, policy), worker) as watch:
        watch.album.put_baseline("c1", Context.DAY, b"b", frames=2, learned_ms=NOON_MS).result(5)
        await watch.pictures.learning.restore()
        for _ in range(4):
            await watch.see({"c1": "cover"}, minutes=10)
        await watch.see({"c1": "ok"}, minutes=10)
        assert watch.album.waiting() == {}
        await watch.see({"c1": "ok"}, minutes=10)  # the finding ends here
        assert len(watch.album.material("c1", Context.DAY)) == 1


async def test_day_and_night_by_the_sun_and_the_trace_of_the_picture_before(tmp_path: Path) -> None:
    worker = SaysWhatItShows()
    async with Watch(tmp_path, village(1), worker) as watch:
        watch.taught("c1", Context.NIGHT)
        await watch.see({"c1": "ok"})
        await watch.see({"c1": "ok"}, minutes=12 * 60)
        assert [job.baseline for job in worker.jobs] == [None, b"baseline"]
        assert [job.before for job in worker.jobs] == [None, b"trace of ok"]
        assert {job.hfov_deg for job in worker.jobs} == {80.0}
        assert watch.pictures.looks["c1"].context is Context.NIGHT


async def test_what_could_not_be_examined_accuses_nobody(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(1)) as watch:
        for _ in range(9):
            await watch.see({"c1": "bug", "stranger": "cover"}, minutes=10)
        assert (watch.told, watch.pictures.looks) == ([], {})
        assert (watch.pictures.counts.failed, watch.pictures.counts.diagnosed) == (9, 0)


async def test_pictures_in_memory_are_bounded(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(MAX_UNDER_WAY + 5)) as watch:
        await watch.see({d.id: "ok" for d in watch.registry.devices})
        assert (watch.pictures.counts.dropped, watch.pictures.counts.diagnosed) == (5, MAX_UNDER_WAY)


async def test_a_late_picture_changes_nothing(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(1)) as watch:
        await watch.see({"c1": "ok"}, minutes=10)
        newest = watch.pictures.looks["c1"]
        await watch.pictures.look("c1", b"cover", newest.at_ms - 1)
        assert watch.pictures.looks["c1"] == newest


async def test_all_of_a_camera_that_left_goes(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(2)) as watch:
        for device_id in ("c1", "c2"):
            watch.taught(device_id)
            for _ in range(4):
                await watch.see({device_id: "cover"}, minutes=10)
        assert watch.album.thumbnailed() == {"c1", "c2"}
        watch.pictures.enrol(village(1))
        watch.album.vacuum().result(5)
        assert watch.album.thumbnailed() == set(watch.album.looks()) == set(watch.pictures.looks) == {"c1"}
        assert {i.device_id for i in watch.album.baselines()} == {"c1"}
        await watch.see({"c2": "cover"}, minutes=10)
        assert watch.pictures.proof.finding("c2") is None


async def test_nobody_asked_a_dome_where_it_points(tmp_path: Path) -> None:
    async with Watch(tmp_path, village(2, None, 2)) as watch:
        for device_id in ("c1", "c2"):
            watch.taught(device_id)
        for _ in range(5):
            await watch.see({"c1": "other_scene", "c2": "other_scene"}, minutes=10)
        assert [f.device_id for f in watch.recorded()] == ["c1"]


RING = ((113.0, 34.0), (113.2, 34.0), (113.2, 34.2), (113.0, 34.2))


@pytest.mark.parametrize(
    ("registry", "place"),
    [
        (village(1), (113.951, 33.81)),
        (without_mounts(village(1)), NOWHERE),
        (
            replace(without_mounts(village(1)), sites=tuple(replace(s, boundary=RING) for s in village(1).sites)),
            (113.1, 34.1),
        ),
    ],
)
def test_where_the_sun_is_asked_for(registry: Registry, place: tuple[float, float]) -> None:
    assert places(registry)["c1"] == pytest.approx(place)
