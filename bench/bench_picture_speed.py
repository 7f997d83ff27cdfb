"""Whole diagnoses a second and core beside their floor, decoding alone; and memory over 2,000 pictures.

Frames: real ones of one fixed camera at 1920x1080 (`--frames FOLDER`), else looks at a photograph of the tests.
Processor time is what one core of a quiet machine gives; real time is shown, too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from camkeeper.picture.child import ENVIRONMENT
from figures import arguments, median, print_figures

os.environ.update(ENVIRONMENT)  # as the decoding process has it, before OpenCV is loaded

import cv2

from camkeeper.model.picture import Context
from camkeeper.picture.baseline import Baseline
from camkeeper.picture.decode import decode
from camkeeper.picture.pipeline import examine
from camkeeper.picture.worker import Job, PictureWorker

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.monitor.picture.photos import jpeg, look, photo

FRAMES = 8


def frames(folder: Path | None) -> list[bytes]:
    """Return the pictures to look at, in order of time."""
    if folder is not None:
        return [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    wide = photo(width=1920, height=1080)
    return [jpeg(look(seed, wide), cv2.IMWRITE_JPEG_QUALITY, 50) for seed in range(FRAMES)]


def per_picture(work: Callable[[bytes], object], pictures: list[bytes], rounds: int) -> tuple[float, float]:
    """Return (processor, real) milliseconds of one picture, medians."""
    took: list[tuple[float, float]] = []
    for data in pictures * rounds:
        cpu, wall = process_time(), perf_counter()
        work(data)
        took.append((process_time() - cpu, perf_counter() - wall))
    return median([cpu for cpu, _ in took]) * 1000, median([wall for _, wall in took]) * 1000


async def learned(pictures: list[bytes]) -> bytes:
    """Return the bytes of a baseline of these pictures."""
    async with PictureWorker() as worker:
        jobs = [Job(device_id=str(number), data=data, learn=True) for number, data in enumerate(pictures)]
        sheets = [(await worker.examine(job)).sheet for job in jobs]
        return await worker.learn([sheet for sheet in sheets if sheet], context=Context.DAY)


def resident_mb(pid: int) -> float:
    """Return what a process has in memory now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


async def memory(pictures: list[bytes], baseline: bytes, many: int) -> dict[str, object]:
    """Return the decoding process's memory, early and late, and how long one exchange with it takes."""
    async with PictureWorker() as worker:
        early = 0.0
        for number in range(many):
            data = pictures[number % len(pictures)]
            await worker.examine(Job(device_id="camera", data=data, baseline=baseline, thumbnail=True))
            if number == many // 10:
                early = resident_mb(worker.pids[0])
        late = resident_mb(worker.pids[0])
        stats = worker.stats
    return {
        "pictures": many,
        "resident_early_mb": round(early, 1),
        "resident_late_mb": round(late, 1),
        "worker_p50_ms": round(stats.p50_ms or 0, 1),
        "worker_p99_ms": round(stats.p99_ms or 0, 1),
        "crashed": stats.crashed,
    }


def main() -> None:
    """Print the figures."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--frames", type=Path, help="1920x1080 JPEGs of one fixed camera, named in order of time")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = frames(options.frames)
    known = asyncio.run(learned(pictures))
    baseline = Baseline.from_bytes(known)
    rounds = 4 if options.quick else 25
    floor_cpu, floor = per_picture(decode, pictures, rounds)
    whole_cpu, whole = per_picture(
        lambda data: examine(data, baseline=baseline, hfov_deg=60, before=None), pictures, rounds
    )
    figures: dict[str, object] = {
        "frames": "folder" if options.frames else "looks at a photograph",
        "kilobytes": round(median([len(data) for data in pictures]) / 1024),
        "baseline_kb": round(len(known) / 1024),
        "decode_cpu_ms": round(floor_cpu, 2),
        "decode_ms": round(floor, 2),
        "diagnosis_cpu_ms": round(whole_cpu, 2),
        "diagnosis_ms": round(whole, 2),
        "diagnoses_per_cpu_second": round(1000 / whole_cpu, 1),
        "decodes_per_cpu_second": round(1000 / floor_cpu, 1),
    }
    figures |= asyncio.run(memory(pictures, known, 300 if options.quick else 2000))
    print_figures("picture-speed", figures)


if __name__ == "__main__":
    main()
