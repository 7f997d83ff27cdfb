"""Viewsheds against CGAL (pyvispoly), Shapely's shadow union and a NumPy sweep; and a county from cold.

Same scenes, same cameras, 360 degrees and 50 m, every wall endless; the areas are compared, not only the times. Rivals
are given the walls or buildings within reach for nothing; our own looking them up is in our time. Rounds are
interleaved, figures are medians of CPU time (one thread each), because the machine is shared. The county runs in a
process of its own, through what `camkeeper run` uses.

`--plot` also measures growth with cameras and obstacles and draws docs/images/coverage-growth.png.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from camcover.viewshed import warm_up
from figures import arguments, print_figures
from rivals_coverage.growth import growth, plot
from rivals_coverage.race import CHORDS, SAME, Result, race
from rivals_coverage.scenes import random_scene, real_scene

HERE = Path(__file__).parent
IMAGE = HERE.parent / "docs" / "images" / "coverage-growth.png"
BUILDINGS, CAMERAS, VILLAGES, COUNTY_CAMERAS = 10_000, 10_000, 229, 5_000
BARS = {"pyvispoly": 60.0, "shadow_union": 100.0}
COLD_S, CHANGE_MS, MONTH_S = 10.0, 20.0, 10.0


def compile_s() -> float:
    """Return how long the kernels take to compile where no cache has them: once in an installation's life."""
    program = "from time import perf_counter as t; import camcover.viewshed as v; a=t(); v.warm_up(); print(t()-a)"
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "NUMBA_CACHE_DIR": empty}
        found = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
    return float(found.stdout)


def county(villages: int, cameras: int) -> dict[str, float]:
    """Return the figures of a county in a process of its own."""
    program = [sys.executable, str(HERE / "county_coverage.py"), str(villages), str(cameras), repr(perf_counter())]
    found = subprocess.run(program, check=True, stdout=subprocess.PIPE, timeout=600)
    figures: dict[str, float] = json.loads(found.stdout)
    return figures


def passed(*, ok: bool) -> str:
    """Say whether a mark is reached."""
    return "pass" if ok else "FAIL"


def show_race(name: str, result: Result) -> list[bool]:
    """Print one scene; return which of its marks are reached."""
    ours = result.rates["camcover"]
    print(f"\n{name}: {result.walls:.0f} walls within reach on average")
    print(f"  camcover      {ours:10,.0f}/s of CPU ({result.cameras['camcover']} cameras)")
    marks = []
    for rival in ("pyvispoly", "shadow_union", "facing_only", "numpy_sweep"):
        ratio = ours / result.rates[rival]
        same = result.worst[rival] <= SAME and result.worst_arcs[rival] <= CHORDS
        marks.append(same)
        text = f"areas {passed(ok=same)} ({result.worst[rival]:.1e}, with arcs {result.worst_arcs[rival]:.1e})"
        bar = BARS.get(rival)
        if bar is not None:
            marks.append(ratio >= bar)
            text += f"; mark {bar:.0f}x {passed(ok=ratio >= bar)}"
        print(
            f"  {rival:13} {result.rates[rival]:10,.0f}/s of CPU ({result.cameras[rival]} cameras, "
            f"{result.failed[rival]} failed)  we are {ratio:6.1f}x; {text}"
        )
    return marks


def show_county(found: dict[str, float], cameras: int, villages: int) -> list[bool]:
    """Print the county; return which of its marks are reached."""
    rows = (
        (f"from cold to {villages} villages shown", "cold_s", "s", COLD_S),
        ("one status change, township's standing", "change_ms", "ms", CHANGE_MS),
        ("a month, hour by hour, day and night", "month_s", "s", MONTH_S),
    )
    print(f"\ncounty: {cameras} cameras, {villages} villages")
    marks = []
    for label, key, unit, bar in rows:
        marks.append(found[key] < bar)
        print(f"  {label:40} {found[key]:8.2f} {unit:2}  mark < {bar:.0f} {unit} {passed(ok=marks[-1])}")
    print(
        f"  of it: interpreter {found['interpreter_s']:.2f} s, imports {found['imports_s']:.2f} s, kernels from cache "
        f"{found['kernels_s']:.2f} s, fields and overlays {found['build_s']:.2f} s; "
        f"CPU {found['cold_cpu_s']:.2f} s; peak {found['peak_mb']:.0f} MB"
    )
    return marks


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--plot", action="store_true", help="growth too, drawn to docs/images / 另画增长图")
    options = parser.parse_args()
    rival_cameras, rounds, cameras = (60, 3, 3_000) if options.quick else (200, 7, CAMERAS)
    compiled = None if options.quick else compile_s()
    if compiled is not None:
        print(f"kernels compiled with no cache: {compiled:.1f} s, once after installing")
    warm_up()
    marks: list[bool] = []
    races: dict[str, object] = {}
    for name, scene_of in (("random", random_scene), ("real footprints", real_scene)):
        result = race(scene_of(BUILDINGS, cameras), rival_cameras, rounds)
        marks += show_race(f"{name}, {BUILDINGS} buildings", result)
        races[name.split()[0]] = {
            "per_s": {method: round(rate, 1) for method, rate in result.rates.items()},
            "ratio": {m: round(result.rates["camcover"] / r, 1) for m, r in result.rates.items() if m != "camcover"},
            "areas_apart": max(result.worst.values()),
            "rivals_failed": result.failed,
        }
    whole = county(VILLAGES, COUNTY_CAMERAS)
    marks += show_county(whole, COUNTY_CAMERAS, VILLAGES)
    grown: dict[str, object] = {}
    if options.plot:
        series = growth(quick=options.quick)
        plot(series, IMAGE)
        print(f"\ngrowth drawn to {IMAGE.relative_to(HERE.parent)} ({IMAGE.stat().st_size / 1024:.0f} KB)")
        grown = {"growth": series}
    print_figures(
        "coverage",
        {
            "buildings": BUILDINGS,
            **races,
            "compile_s": None if compiled is None else round(compiled, 1),
            "county": {key: round(value, 3) for key, value in whole.items()},
            "all_marks": all(marks),
            **grown,
        },
    )


if __name__ == "__main__":
    main()
