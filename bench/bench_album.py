"""The album of a county: bytes on disk, what a day of looks writes, memory, and how long reading takes.

    python bench/bench_album.py            5,000 cameras, a baseline of each by day and by night
    python bench/bench_album.py --quick    500 cameras
    python bench/bench_album.py --baseline-kb 300   another size of a baseline (bytes that do not compress)

A look every ten minutes of every camera is 8.3 looks a second; here an hour of them is written as fast as it goes.
"""

from __future__ import annotations

import os
import random
import resource
import tempfile
import time
from pathlib import Path

from camkeeper.album import Album
from camkeeper.clock import SystemClock
from camkeeper.model.picture import Context, Diagnosis, Look, PictureVerdict
from figures import arguments, median, print_figures

ROUNDS = 6
"""Looks of every camera: an hour."""
FEATURES = 40
TRACK = '{"aims":[],"context":null,"device":"camera-00000","finding":null,"good":[0,0,1790000000000],"run":null}'


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def written_mb() -> float:
    """What this process handed to the disk."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"]) / 1e6


def look(device_id: str, rng: random.Random, at_ms: int) -> Look:
    features = {f"feature_{i}": rng.uniform(-100, 100) for i in range(FEATURES)}
    return Look(
        device_id=device_id,
        at_ms=at_ms,
        context=Context.DAY,
        diagnosis=Diagnosis(verdict=PictureVerdict.OK, features=features),
        baseline=1,
    )


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--baseline-kb", type=float, default=200.0)
    parser.add_argument("--sheet-kb", type=float, default=40.0)
    args = parser.parse_args()
    devices = [f"camera-{i:05d}" for i in range(500 if args.quick else 5000)]
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder, Album.open(Path(folder) / "a.album", clock=SystemClock()) as album:
        figures: dict[str, object] = {"cameras": len(devices), "rss_before_mb": round(rss_mb(), 1)}
        figures |= baselines(album, devices, rng, int(args.baseline_kb * 1024))
        figures |= looks(album, devices, rng)
        figures |= material(album, devices[: len(devices) // 10], rng, int(args.sheet_kb * 1024))
        figures |= reading(album, devices, rng)
        figures["rss_mb"] = round(rss_mb(), 1)
        figures["rss_peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        print_figures("album", figures)


def baselines(album: Album, devices: list[str], rng: random.Random, size: int) -> dict[str, object]:
    began = time.perf_counter()
    for device_id in devices:
        for context in Context:
            stored = album.put_baseline(device_id, context, rng.randbytes(size), frames=20, learned_ms=1)
        stored.result(60)
    took_s = time.perf_counter() - began
    total = sum(f.stat().st_size for f in album.path.parent.glob(f"{album.path.name}*"))
    return {
        "baseline_kb": size / 1024,
        "disk_mb": round(total / 1e6),
        "disk_kb_a_camera": round(total / len(devices) / 1024, 1),
        "baselines_a_second": round(2 * len(devices) / took_s),
    }


def looks(album: Album, devices: list[str], rng: random.Random) -> dict[str, object]:
    before_mb, began = written_mb(), time.perf_counter()
    for n in range(ROUNDS):
        for i, device_id in enumerate(devices):
            noted = album.note(look(device_id, rng, n * 600_000 + i * 120), TRACK)
            if i % 17 == 0:  # as many as share a commit when 8.3 come a second and linger for two
                album.vacuum(max_pages=0).result(60)
    noted.result(60)
    took_s = time.perf_counter() - began
    written = written_mb() - before_mb
    return {
        "looks_a_second": round(ROUNDS * len(devices) / took_s),
        "written_kb_a_look": round(written * 1000 / (ROUNDS * len(devices)), 1),
        "written_gb_a_day_at_5000": round(written / (ROUNDS * len(devices)) * 720_000 / 1000, 2),
    }


def material(album: Album, devices: list[str], rng: random.Random, size: int) -> dict[str, object]:
    began = time.perf_counter()
    for device_id in devices:
        for n in range(5):
            kept = album.add_material(device_id, Context.DAY, at_ms=n, sheet=rng.randbytes(size))
        album.vacuum(max_pages=0).result(60)
    kept.result(60)
    took_s = time.perf_counter() - began
    return {"sheet_kb": size / 1024, "sheets_a_second": round(5 * len(devices) / took_s)}


def reading(album: Album, devices: list[str], rng: random.Random) -> dict[str, object]:
    took = []
    for device_id in rng.sample(devices, min(2000, len(devices))):
        began = time.perf_counter()
        assert album.baseline(device_id, Context.DAY) is not None
        took.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    assert len(album.looks()) == len(album.tracks()) == len(devices)
    started_s = time.perf_counter() - began
    return {
        "baseline_read_ms": round(median(took), 2),
        "baseline_read_p99_ms": round(sorted(took)[len(took) * 99 // 100], 2),
        "all_looks_and_tracks_s": round(started_s, 2),
    }


if __name__ == "__main__":
    main()
