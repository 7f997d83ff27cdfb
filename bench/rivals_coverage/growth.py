"""How our own time grows with cameras and with obstacles."""

from __future__ import annotations

from pathlib import Path
from time import process_time

from camcover.terrain import Terrain
from camcover.viewshed import Sectors, sweep
from figures import median
from rivals_coverage.race import sectors_at
from rivals_coverage.scenes import random_scene

CAMERAS = (500, 1_000, 2_000, 4_000, 8_000, 16_000)
OBSTACLES = (1_250, 2_500, 5_000, 10_000, 20_000, 40_000)
FIXED = 4_000
"""Cameras while obstacles grow; their density stays, so the ground grows with them."""

Series = dict[str, list[tuple[int, float]]]


def growth(*, quick: bool) -> Series:
    """Return (number, seconds) of fields by cameras, of fields by obstacles, and of building the terrain."""
    last = 4 if quick else 6
    rounds = 3 if quick else 5
    scene = random_scene(10_000, max(CAMERAS[:last]))
    out: Series = {"fields_by_cameras": [], "fields_by_obstacles": [], "terrain_by_obstacles": []}
    for count in CAMERAS[:last]:
        sectors = sectors_at(scene.cameras[:count])
        out["fields_by_cameras"].append((count, median([_seconds(sectors, scene.terrain) for _ in range(rounds)])))
    for count in OBSTACLES[:last]:
        began = process_time()
        grown = random_scene(count, FIXED)
        out["terrain_by_obstacles"].append((count, process_time() - began))
        sectors = sectors_at(grown.cameras)
        out["fields_by_obstacles"].append((count, median([_seconds(sectors, grown.terrain) for _ in range(rounds)])))
    return out


def _seconds(sectors: Sectors, terrain: Terrain) -> float:
    began = process_time()
    sweep(sectors, terrain)
    return process_time() - began


def plot(series: Series, path: Path) -> None:
    """Draw the growth, each beside the straight line of its last point."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    for axes, key, title in (
        (left, "fields_by_cameras", "cameras (10,000 buildings)"),
        (right, "fields_by_obstacles", f"buildings ({FIXED:,} cameras, same density)"),
    ):
        x, y = zip(*series[key], strict=True)
        axes.loglog(x, y, "o-", color="#1c5fb8", label="all fields")
        axes.set_xlabel(title)
        axes.set_ylabel("seconds of CPU")
        axes.set_xticks(x, [f"{n / 1000:g}k" for n in x])
        axes.xaxis.minorticks_off()
        axes.grid(visible=True, color="#dbe1e7", linewidth=0.5)
    count, seconds = series["fields_by_cameras"][-1]
    numbers = [n for n, _ in series["fields_by_cameras"]]
    left.plot(numbers, [seconds * n / count for n in numbers], ":", color="#55606c", label="in proportion")
    x, y = zip(*series["terrain_by_obstacles"], strict=True)
    right.plot(x, y, "s--", color="#c58717", label="scene and terrain, once")
    left.legend(frameon=False)
    right.legend(frameon=False)
    figure.suptitle("camcover, 360° fields of 50 m, one thread", fontsize=10)
    figure.savefig(path, dpi=90)
    plt.close(figure)
