"""Planning one village of 144 houses and 20 badly aimed cameras: turns, 20 posts by azimuth step, the best 5, a patrol.

Each step is timed on its own, warmed up, median of several; the greedy choice is compared with its bound, and with the
best that integer programming finds where it is small enough to be proven.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import shapely

from camcover.aim import turns
from camcover.camera import Camera
from camcover.choice import Limit, greedy
from camcover.demand import Demand
from camcover.exact import best
from camcover.obstacle import Obstacle
from camcover.optics import Lens, Mount
from camcover.overlay import Place
from camcover.patrol import patrol
from camcover.plan import Kit, aimed
from camcover.sight import Ask, Sight
from camcover.spots import spots
from camcover.terrain import Terrain
from camcover.viewshed import fields, warm_up
from figures import arguments, median, print_figures

LENS = Lens(hfov_deg=85, width_px=2560, height_px=1440, range_m=50)
AREA = shapely.box(0, 0, 420, 360)
T = TypeVar("T")


def mount(azimuth_deg: float | None = None) -> Mount:
    return Mount(lon_deg=113.9, lat_deg=33.8, height_m=4.0, tilt_deg=10.0, azimuth_deg=azimuth_deg)


def village(generator: np.random.Generator) -> tuple[list[Obstacle], list[shapely.LineString]]:
    houses: list[Obstacle] = []
    for column in range(12):
        for row in range(12):
            west, south = column * 35 + generator.uniform(0, 8), row * 30 + generator.uniform(0, 8)
            shape = shapely.box(west, south, west + generator.uniform(8, 18), south + generator.uniform(8, 14))
            houses.append(Obstacle(id=f"{column}-{row}", shape=shape, height_m=float(generator.choice([3.0, 6.0]))))
    lanes = [shapely.LineString([(0, y), (420, y)]) for y in range(-4, 360, 90)]
    return houses, lanes + [shapely.LineString([(x, 0), (x, 360)]) for x in range(30, 420, 105)]


def timed(run: Callable[[], T], times: int) -> tuple[T, float]:
    """Return the result and the median milliseconds."""
    took: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        took.append((time.perf_counter() - start) * 1000)
    return result, round(median(took), 1)


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    times = 3 if options.quick else 9
    generator = np.random.default_rng(3)
    houses, lanes = village(generator)
    terrain = Terrain.build(houses)
    found, spots_ms = timed(lambda: spots(AREA, houses, lanes, most=500), times)
    where = generator.choice(len(found), 20, replace=False)
    cameras = [
        Camera(id=str(i), x_m=found[i].x_m, y_m=found[i].y_m, mount=mount(float(generator.integers(0, 360))), lens=LENS)
        for i in where.tolist()
    ]
    ground = AREA.difference(shapely.union_all([house.shape for house in houses]))
    places = [Place(id="area", layer="area", shape=ground, weight=10.0)]
    places += [Place(id=f"lane-{i}", layer="road", shape=lane, band="observation") for i, lane in enumerate(lanes)]
    demand = Demand.sample(places, cell_m=8.0, step_m=4.0)
    warm_up()
    turned, turns_ms = timed(lambda: turns(cameras, demand, terrain), times)
    kit = Kit(mount=mount(), lens=LENS)
    sight, sight_ms = timed(lambda: Sight.of([kit.at(spot) for spot in found], demand, terrain, Ask()), times)
    figures: dict[str, object] = {
        "spots": len(found),
        "elements": len(demand),
        "spots_ms": spots_ms,
        "turns": len(turned.steps),
        "seen_before": round(turned.before / turned.total, 4),
        "seen_turned": round(turned.after / turned.total, 4),
        "turns_ms": turns_ms,
        "look_round_ms": sight_ms,
    }
    for step in (30.0, 15.0, 10.0, 5.0):
        (choices, _, _), made_ms = timed(partial(aimed, sight, turned.seen, found, step), times)
        choice, greedy_ms = timed(partial(greedy, choices, demand.parts, turned.seen, Limit(number=20)), times)
        figures[f"step_{step:g}"] = {
            "options": len(choices),
            "options_ms": made_ms,
            "greedy_ms": greedy_ms,
            "seen": round(choice.parts / demand.total_parts, 4),
            "bound": round(choice.bound[-1] / demand.total_parts, 4),
        }
    small, _, _ = aimed(sight, turned.seen, found, 30.0)
    limit = Limit(number=5)
    start = greedy(small, demand.parts, turned.seen, limit)
    exact, exact_ms = timed(lambda: best(small, demand.parts, turned.seen, limit, start, 30.0), 1)
    figures["exact_5_posts"] = {
        "ms": exact_ms,
        "proven": exact.proven,
        "greedy_of_best": round((start.parts - start.first) / (exact.parts - start.first), 4),
        "gap": exact.gap,
    }
    blind = AREA.difference(shapely.union_all(fields(turned.aimed(cameras), terrain)))
    walk, patrol_ms = timed(
        lambda: patrol(blind, places=places[1:], obstacles=houses, roads=lanes, start=(0.0, 0.0)), times
    )
    figures |= {"stops": len(walk.stops), "walk_m": round(walk.length_m), "patrol_ms": patrol_ms}
    print_figures("plan", figures)


if __name__ == "__main__":
    main()
