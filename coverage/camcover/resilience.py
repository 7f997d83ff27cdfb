"""What darkens if a camera, pole, switch, transceiver or line fails, and what to repair first.

Who depends on what is the caller's knowledge: a group is an id and the cameras that go dark when it fails.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from camcover.overlay import Amounts, Overlay, Working


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loss:
    """What is seen no more when one group fails."""

    group_id: str
    amounts: Amounts
    """(p,) m2, m or count of each place."""
    weight: float
    """The same as `Overlay.weigh` values it: shares of places times their weights."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regain:
    """What is seen again when one group is repaired, after the repairs that come before it."""

    group_id: str
    amounts: Amounts
    weight: float


def without(overlay: Overlay, working: ArrayLike, groups: Mapping[str, Collection[str]]) -> tuple[Loss, ...]:
    """Return what each group's failure alone would cost, the heaviest first, ties by id."""
    base = np.asarray(working, dtype=np.bool_)
    ids = sorted(groups)
    after = overlay.seen(base & ~_members(overlay, [groups[one] for one in ids]))
    lost = overlay.seen(base) - after
    weights = overlay.weigh(lost)
    losses = [
        Loss(group_id=one, amounts=amounts, weight=float(weight))
        for one, amounts, weight in zip(ids, lost, weights, strict=True)
    ]
    return tuple(sorted(losses, key=lambda loss: (-round(loss.weight, 9), loss.group_id)))


def repair_order(
    overlay: Overlay, working: ArrayLike, groups_down: Mapping[str, Collection[str]]
) -> tuple[Regain, ...]:
    """Return the order of repairs that brings back most weight soonest, step by step (greedy).

    A camera works again once no group that holds it is down: a pole behind a dead switch regains nothing alone. Where
    no single repair regains anything, the group comes first whose cameras would be worth most if nothing else were
    down. Cameras that are dark and in no group stay dark. Ties by id.
    """
    left = sorted(groups_down)
    members = _members(overlay, [groups_down[one] for one in left])
    holders = members.sum(axis=0)  # how many groups that are down hold each camera
    healthy: Working = np.asarray(working, dtype=np.bool_) | (holders > 0)
    now = overlay.seen(healthy & (holders == 0))
    order: list[Regain] = []
    while left:
        after = overlay.seen(healthy & (holders - members == 0))
        hopes = overlay.weigh(overlay.seen(healthy & ((holders == 0) | members)) - now)
        gains = overlay.weigh(after - now)
        # Rounded, so that sums in another order are a tie still.
        ranks = list(zip(-gains.round(9), -hopes.round(9), left, strict=True))
        best = min(range(len(left)), key=ranks.__getitem__)
        order.append(Regain(group_id=left.pop(best), amounts=after[best] - now, weight=float(gains[best])))
        holders, now = holders - members[best], after[best]
        members = np.delete(members, best, axis=0)
    return tuple(order)


def _members(overlay: Overlay, groups: list[Collection[str]]) -> Working:
    """Return (groups, n)."""
    masks = np.zeros((len(groups), len(overlay.camera_ids)), dtype=np.bool_)
    for row, group in zip(masks, groups, strict=True):
        row[:] = overlay.mask(group)
    return masks
