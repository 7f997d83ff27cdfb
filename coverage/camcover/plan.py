"""Turn before you buy: existing cameras are turned first, then new posts proposed, each with what it wins.

Coordinates are metres of one `camcover.frame.Frame`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from camcover.aim import LEAST_SHARE, Turns, turns
from camcover.camera import Camera
from camcover.choice import Choice, Limit, Options, fewest, greedy
from camcover.demand import Demand
from camcover.exact import Exact, best
from camcover.optics import FULL_CIRCLE_DEG, Lens, Mount
from camcover.sight import Ask, Sight
from camcover.spots import Spot
from camcover.terrain import Terrain

STEP_DEG = 10.0
"""Of new posts. Half of it wins 1% more for twice the options (bench_plan): an installer aims no finer anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What would be bought: a lens, and how it is hung. Of `mount`, position and azimuth are not used."""

    mount: Mount
    lens: Lens

    def at(self, spot: Spot, azimuth_deg: float | None = None) -> Camera:
        """Return it as a camera on a spot."""
        return Camera(
            id=spot.id, x_m=spot.x_m, y_m=spot.y_m, mount=replace(self.mount, azimuth_deg=azimuth_deg), lens=self.lens
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """When buying ends: `number` of posts, `target` share (0..1) of all weight, `budget` in the unit of spots' cost.

    A post that wins less than `least_share` of all weight is not worth its pole. `exact_s`: seconds given to
    integer programming to look for a better choice than the greedy one; None: don't look.
    """

    number: int | None = None
    target: float | None = None
    budget: float | None = None
    least_share: float = LEAST_SHARE
    exact_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One new camera after those before it; weights and amounts as in `Demand`."""

    camera: Camera
    spot: Spot
    amounts: tuple[float, ...]
    """What it wins of each place."""
    weight: float
    """What it wins in all."""
    after: float
    """Seen in all, with it."""
    bound: float
    """With as many posts (for as much money) from these spots nobody could see more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Turns, then posts; `before` is seen today, `after` in the end, out of `total` weight."""

    turns: Turns
    posts: tuple[Post, ...]
    before: float
    after: float
    total: float
    guarantee: float | None
    """The posts surely win this share of what the best choice of as many would; None where costs differ."""
    reached: bool | None
    """Whether the target is reached; None: none was set."""
    at_least: int | None
    """So many posts anybody needs for the target, as far as the bounds tell; None: no target, or more than proposed."""
    exact: Exact | None
    options: int
    """Spots times azimuths that see anything new."""


def propose(
    cameras: Sequence[Camera],
    demand: Demand,
    terrain: Terrain,
    spots: Sequence[Spot],
    kit: Kit,
    wish: Wish,
    ask: Ask = Ask(),  # noqa: B008  (frozen)
    *,
    step_deg: float = STEP_DEG,
) -> Plan:
    """Turn what is there, then choose posts from `spots`, in azimuths every `step_deg` from north.

    Several may share a spot: a second camera on a pole is a post too. Demand that cannot be seen stays in the total.
    """
    turned = turns(cameras, demand, terrain, ask, least_share=wish.least_share)
    sight = Sight.of([kit.at(spot) for spot in spots], demand, terrain, ask)
    options, viewer, azimuth = aimed(sight, turned.seen, spots, step_deg)
    limit = _limit(wish, demand)
    choice = greedy(options, demand.parts, turned.seen, limit)
    exact = None if wish.exact_s is None else best(options, demand.parts, turned.seen, limit, choice, wish.exact_s)
    if exact is not None and exact.better:
        choice = _again(options, demand, turned.seen, exact, choice)
    posts = _posts(_Bought(demand, sight, spots, kit, options, viewer, azimuth), choice, turned.seen)
    after = demand.weigh(choice.parts)
    return Plan(
        turns=turned,
        posts=posts,
        before=turned.before,
        after=after,
        total=demand.weight,
        guarantee=choice.guarantee,
        reached=None if limit.target is None else choice.parts >= limit.target,
        at_least=None if limit.target is None else fewest(choice, limit.target),
        exact=exact,
        options=len(options),
    )


def aimed(
    sight: Sight, seen: NDArray[np.bool_], spots: Sequence[Spot], step_deg: float
) -> tuple[Options, NDArray[np.int64], NDArray[np.float64]]:
    """Return (options, index into spots (o,), azimuth (o,)) of all turned spots that see anything not seen yet."""
    if not 0 < step_deg <= FULL_CIRCLE_DEG:
        raise ValueError(f"not a step round the compass: {step_deg}")
    grid = np.arange(0.0, FULL_CIRCLE_DEG, step_deg)
    covers: list[NDArray[np.int64]] = []
    viewers: list[int] = []
    azimuths: list[float] = []
    for viewer in range(len(sight)):
        directions = grid[:1] if sight.hfov_deg[viewer] >= FULL_CIRCLE_DEG else grid
        for azimuth, found in zip(directions.tolist(), sight.new(viewer, directions, seen), strict=True):
            if len(found):
                covers.append(found)
                viewers.append(viewer)
                azimuths.append(azimuth)
    options = Options.of(covers, [spots[viewer].cost for viewer in viewers])
    return options, np.array(viewers, dtype=np.int64), np.array(azimuths, dtype=np.float64)


def _limit(wish: Wish, demand: Demand) -> Limit:
    return Limit(
        number=wish.number,
        target=None if wish.target is None else ceil(wish.target * demand.total_parts),
        budget=wish.budget,
        least=max(1, round(wish.least_share * demand.total_parts)),
    )


def _again(options: Options, demand: Demand, seen: NDArray[np.bool_], exact: Exact, choice: Choice) -> Choice:
    """Put the better choice in the order of its gains, under the bounds known."""
    only = Options.of([options.covers(option) for option in exact.chosen], options.cost[list(exact.chosen)].tolist())
    order = greedy(only, demand.parts, seen, Limit(number=len(exact.chosen)))
    bound = [*choice.bound, *[exact.bound] * len(order.chosen)][: len(order.chosen)]
    bound[-1] = min(bound[-1], exact.bound)
    return replace(order, chosen=tuple(exact.chosen[one] for one in order.chosen), bound=tuple(bound))


@dataclass(frozen=True, slots=True)
class _Bought:
    """Everything that a chosen option stands for."""

    demand: Demand
    sight: Sight
    spots: Sequence[Spot]
    kit: Kit
    options: Options
    viewer: NDArray[np.int64]
    azimuth_deg: NDArray[np.float64]


def _posts(of: _Bought, choice: Choice, seen: NDArray[np.bool_]) -> tuple[Post, ...]:
    seen, parts = seen.copy(), choice.first
    posts: list[Post] = []
    for option, gain, bound in zip(choice.chosen, choice.gains, choice.bound, strict=True):
        new = np.zeros(len(of.demand), dtype=np.bool_)
        new[of.options.covers(option)] = True
        new &= ~seen
        seen |= new
        parts += gain
        viewer = int(of.viewer[option])
        azimuth_deg = of.sight.centred(viewer, float(of.azimuth_deg[option]), new)
        posts.append(
            Post(
                camera=of.kit.at(of.spots[viewer], azimuth_deg),
                spot=of.spots[viewer],
                amounts=of.demand.amounts(new),
                weight=of.demand.weigh(gain),
                after=of.demand.weigh(parts),
                bound=of.demand.weigh(bound),
            )
        )
    return tuple(posts)
