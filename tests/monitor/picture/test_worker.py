"""The worker: processes that die, hang, eat and lie harm neither the monitor nor the next picture. Real processes."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from camkeeper.model.picture import Context, PictureVerdict
from camkeeper.picture.worker import (
    MAX_BYTES,
    DroppedError,
    Job,
    Limits,
    PictureWorker,
    RefusedError,
    WorkerError,
)

FRAGILE = (str(Path(__file__).with_name("fragile.py")),)
LIMITS = Limits(cpu_s=0.4, wall_s=1.5, memory_bytes=64 * 2**20)


def worker(*, waiting: int = 64, processes: int = 1) -> PictureWorker:
    return PictureWorker(limits=LIMITS, program=FRAGILE, waiting=waiting, processes=processes)


def job(device: str, data: str) -> Job:
    return Job(device_id=device, data=data.encode())


async def test_pictures_are_answered_in_turn_by_one_process() -> None:
    async with worker() as decoder:
        answers = await asyncio.gather(*(decoder.examine(job(f"cam-{n}", f"ok:{n}")) for n in range(50)))
        pids = decoder.pids
    assert [answer.diagnosis.detail for answer in answers] == [str(n) for n in range(50)]
    assert all(answer.trace == b"trace" for answer in answers)
    stats = decoder.stats
    assert (stats.done, stats.crashed, stats.killed, stats.dropped, stats.waiting) == (50, 0, 0, 0, 0)
    assert stats.p50_ms is not None
    assert stats.p99_ms is not None
    assert stats.p50_ms <= stats.p99_ms
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize(
    ("deed", "killed", "why"),
    [
        ("segv", 0, "SIGSEGV"),
        ("exit", 0, "code 3"),
        ("spin", 2, "processor time"),
        ("eat:500", 2, "no memory"),
        ("sleep:60", 2, "no answer within 1.5 s"),
    ],
)
async def test_who_dies_twice_of_the_same_bytes_is_the_picture(deed: str, killed: int, why: str) -> None:
    async with worker() as decoder:
        hostile, good = await asyncio.gather(decoder.examine(job("bad", deed)), decoder.examine(job("good", "ok:yes")))
    assert hostile.diagnosis.verdict is PictureVerdict.NO_SIGNAL
    assert hostile.diagnosis.alarms == (PictureVerdict.NO_SIGNAL,)
    assert hostile.diagnosis.detail.startswith("the decoder crashed twice: ")
    assert why in hostile.diagnosis.detail
    assert hostile.trace == b""
    assert good.diagnosis.detail == "yes"
    assert (decoder.stats.crashed, decoder.stats.killed, decoder.stats.done) == (2, killed, 1)


async def test_one_death_accuses_nobody(tmp_path: Path) -> None:
    marker = tmp_path / "die"
    marker.touch()
    async with worker() as decoder:
        answer = await decoder.examine(job("cam", f"segv-once:{marker}"))
        assert answer.diagnosis.verdict is PictureVerdict.OK
        assert decoder.stats.crashed == 1


async def test_a_process_that_is_killed_between_pictures_is_replaced() -> None:
    async with worker() as decoder:
        await decoder.examine(job("cam", "ok:1"))
        (pid,) = decoder.pids
        psutil.Process(pid).kill()
        assert (await decoder.examine(job("cam", "ok:2"))).diagnosis.detail == "2"
        assert decoder.pids != (pid,)


async def test_bugs_and_odd_answers_are_errors_and_no_verdicts() -> None:
    async with worker() as decoder:
        with pytest.raises(WorkerError, match=r"ZeroDivisionError: a bug at .*fragile.py:\d+"):
            await decoder.examine(job("cam", "bug"))
        with pytest.raises(WorkerError, match="an odd answer"):
            await decoder.examine(job("cam", "odd"))
        with pytest.raises(RefusedError, match="a broken baseline"):
            await decoder.examine(job("cam", "refuse"))
        with pytest.raises(WorkerError, match="KeyError"):
            await decoder.learn([b"sheet"], context=Context.DAY)
        assert (await decoder.examine(job("cam", "print:fine"))).diagnosis.detail == "fine"
        assert decoder.stats.crashed == 0


async def test_what_does_not_start_is_an_error_with_its_last_words() -> None:
    async with PictureWorker(program=("-c", "raise SystemExit('OpenCV is not installed')")) as decoder:
        with pytest.raises(WorkerError, match="does not start: OpenCV is not installed"):
            await decoder.examine(job("cam", "ok"))
        with pytest.raises(WorkerError, match="does not start"):
            await decoder.examine(job("cam", "ok"))
    async with PictureWorker(program=("-c", "print('hello, I am something else entirely')")) as decoder:
        with pytest.raises(WorkerError, match="does not start"):
            await decoder.examine(job("cam", "ok"))


async def test_the_newest_picture_of_a_device_wins() -> None:
    async with worker() as decoder:
        busy = asyncio.create_task(decoder.examine(job("other", "sleep:0.5")))
        await asyncio.sleep(0.05)
        older = asyncio.create_task(decoder.examine(job("cam", "ok:older")))
        await asyncio.sleep(0)
        assert decoder.stats.waiting >= 1
        assert (await decoder.examine(job("cam", "ok:newer"))).diagnosis.detail == "newer"
        with pytest.raises(DroppedError):
            await older
        await busy
        assert decoder.stats.dropped == 1


async def test_a_full_line_drops_who_waited_longest() -> None:
    async with worker(waiting=2) as decoder:
        await decoder.examine(job("warm", "ok"))
        busy = asyncio.create_task(decoder.examine(job("other", "sleep:0.5")))
        await asyncio.sleep(0.1)
        line = [asyncio.create_task(decoder.examine(job(f"cam-{n}", f"ok:{n}"))) for n in range(4)]
        answers = await asyncio.gather(*line, return_exceptions=True)
        await busy
        assert [isinstance(answer, DroppedError) for answer in answers] == [True, True, False, False]
        assert decoder.stats.dropped == 2


async def test_who_goes_away_does_not_stop_the_line() -> None:
    async with worker() as decoder:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(decoder.examine(job("cam", "sleep:0.4")), 0.2)
        assert (await decoder.examine(job("cam", "ok:next"))).diagnosis.detail == "next"


async def test_closing_answers_who_waits_and_leaves_no_process() -> None:
    async with worker(processes=2) as decoder:
        waits = [asyncio.create_task(decoder.examine(job(f"cam-{n}", "sleep:1"))) for n in range(4)]
        while len(decoder.pids) < 2:  # noqa: ASYNC110  (processes are not ours to signal)
            await asyncio.sleep(0.02)
        pids = decoder.pids
    answers = await asyncio.gather(*waits, return_exceptions=True)
    assert all(isinstance(answer, WorkerError) for answer in answers)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(WorkerError, match="closed"):
        await decoder.examine(job("cam", "ok"))


async def test_the_process_may_write_nothing_knows_no_secrets_and_is_nice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMKEEPER_TOKEN", "not-for-decoders")
    async with worker() as decoder:
        with pytest.raises(WorkerError, match="OSError"):
            await decoder.examine(job("cam", f"write:{tmp_path / 'picture'}"))
        known = (await decoder.examine(job("cam", "environment"))).diagnosis.detail
        assert "OPENCV_IO_MAX_IMAGE_PIXELS" in known
        assert "TOKEN" not in known
        assert (await decoder.examine(job("cam", "limits"))).diagnosis.detail == f"nice {min(19, os.nice(0) + 5)}"


async def test_a_picture_of_any_size_is_answered() -> None:
    async with worker() as decoder:
        huge = await decoder.examine(Job(device_id="cam", data=bytes(MAX_BYTES + 1)))
        assert huge.diagnosis.detail == f"{MAX_BYTES + 1} bytes, more than 16 MB"
        assert decoder.stats.done == 0
        full = Job(device_id="cam", data=b"ok:".ljust(MAX_BYTES, b"x"), baseline=bytes(2**19))
        assert (await decoder.examine(full)).diagnosis.detail == "x" * 400


async def test_it_ends_with_the_monitor(tmp_path: Path) -> None:
    program = tmp_path / "monitor.py"
    program.write_text(
        "import asyncio, os, sys\n"
        "from camkeeper.picture.worker import Job, PictureWorker\n"
        "async def main():\n"
        f"    async with PictureWorker(program={FRAGILE!r}) as decoder:\n"
        "        await decoder.examine(Job(device_id='a', data=b'ok'))\n"
        "        print(*decoder.pids, flush=True)\n"
        "        os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    monitor = await asyncio.create_subprocess_exec(sys.executable, str(program), stdout=asyncio.subprocess.PIPE)
    out, _ = await monitor.communicate()
    pid = int(out)
    async with asyncio.timeout(10):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
