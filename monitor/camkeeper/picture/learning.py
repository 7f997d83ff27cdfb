"""Learning a baseline from healthy pictures of one camera; from pictures, never from thresholds.

How far healthy pictures of this camera stray is measured by leaving each out in turn: a camera over open water may
differ from itself more than another one does from a stranger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import Context
from camkeeper.picture.aim import merge_aims
from camkeeper.picture.baseline import Baseline, BaselineError
from camkeeper.picture.deviation import Deviation, Usual, deviation
from camkeeper.picture.diagnose import diagnose
from camkeeper.picture.sheet import Numbers, Sheet
from camkeeper.picture.tiles import likeness

MIN_FRAMES: Final = 5
_AIMS: Final = 7
"""So many are compared feature by feature, spread over all: the work grows with the square."""
_STRANGE: Final = 0.5
"""A picture that is less than half as alike as the others are among themselves shows something else."""


def learn(sheets: Sequence[Sheet], *, context: Context) -> Baseline:
    """Return the baseline of healthy pictures of one camera, with their aims, in any order.

    Left out: what is faulty by itself, of another size, or of another scene than the others. Raises
    BaselineError where fewer than five remain.
    """
    kept = [s for s in sheets if not diagnose(s, None).verdict.is_fault]
    kept = _of_one_lens(_of_one_scene(_of_one_size(kept)))
    if len(kept) < MIN_FRAMES:
        raise BaselineError(
            f"健康画面只有 {len(kept)} 张（共 {len(sheets)} 张），至少要 {MIN_FRAMES} 张：请再采集同一时段的正常画面 / "
            f"only {len(kept)} healthy pictures of {len(sheets)}, a baseline wants {MIN_FRAMES}: "
            "take more of the same time of day"
        )
    aims = [s.aim for s in kept if s.aim is not None]
    if not aims:
        raise BaselineError("画面没有附带朝向特征 / the sheets were not made for learning")
    strays = _strays(kept)
    return Baseline(
        context=context,
        width_px=kept[0].width_px,
        height_px=kept[0].height_px,
        frames=len(kept),
        dropped=len(sheets) - len(kept),
        usual=_usual(kept, _median_edges(kept), strays.own, strays.tiles.min(axis=0)),
        own_whole=strays.own_whole,
        strays=_extremes(strays.each),
        aim=merge_aims(aims[:: -(-len(aims) // _AIMS)]),
    )


@dataclass(frozen=True, slots=True)
class _Strays:
    """How far each picture lies from the others."""

    own: NDArray[np.float32]
    own_whole: float
    tiles: NDArray[np.float32]
    each: tuple[Deviation, ...]


def _strays(kept: Sequence[Sheet]) -> _Strays:
    """Leave each picture out in turn and hold it against the others."""
    others = [[*kept[:i], *kept[i + 1 :]] for i in range(len(kept))]
    edges = [_median_edges(rest) for rest in others]
    likes = [likeness(reference, sheet.edges) for reference, sheet in zip(edges, kept, strict=True)]
    tiles = np.stack([like.tiles for like in likes])
    own, own_whole = np.median(tiles, axis=0), float(np.median([like.whole for like in likes]))
    each = tuple(
        deviation(
            sheet,
            _usual(rest, reference, own, np.delete(tiles, i, axis=0).min(axis=0)),
            own_whole=own_whole,
        )
        for i, (sheet, rest, reference) in enumerate(zip(kept, others, edges, strict=True))
    )
    return _Strays(own, own_whole, tiles, each)


def _of_one_size(sheets: Sequence[Sheet]) -> list[Sheet]:
    if not sheets:
        return []
    sizes = Counter((s.width_px, s.height_px) for s in sheets)
    size, _ = max(sizes.items(), key=lambda item: (item[1], item[0]))
    return [s for s in sheets if (s.width_px, s.height_px) == size]


def _of_one_scene(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Leave out pictures that look like few of the others; each is held against their median."""
    if len(sheets) < 3:
        return list(sheets)
    middle = _median_edges(sheets)
    alike = np.array([likeness(middle, s.edges).whole for s in sheets])
    return [s for s, value in zip(sheets, alike, strict=True) if value >= _STRANGE * float(np.median(alike))]


def _of_one_lens(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Leave out a few pictures that were taken through another lens, by another sensor or over a worse wire.

    A camera that goes out of focus while it is being learned would teach that soft is usual for it, and never alarm.
    Where more than a quarter stray so far, that is how this camera is. Weather is no reason: it comes again.
    """
    if len(sheets) <= MIN_FRAMES:
        return list(sheets)
    each = _strays(sheets).each
    odd = [i for i in range(len(each)) if _gross(each[i], [*each[:i], *each[i + 1 :]])]
    few = len(odd) <= min(len(sheets) // 4, len(sheets) - MIN_FRAMES)
    return [s for i, s in enumerate(sheets) if i not in odd] if few else list(sheets)


def _gross(one: Deviation, rest: Sequence[Deviation]) -> bool:
    """Tell whether a picture strays far more than makes an alarm, and than the others stray."""

    def above(name: str, limit: float, room: float) -> bool:
        values = [abs(float(getattr(d, name))) for d in rest]
        # The others' second most: there may be two of the same kind.
        return float(getattr(one, name)) > max(limit, sorted(values)[-2] + room)

    softest = sorted(d.sharpness for d in rest)[1]
    soft = one.sharpness < min(-0.5, softest - 0.3) and one.span > -32.0 and one.matched > 0.5
    noisy = above("noise", 1.35, 0.6) and above("noise_floor", 1.2, 0.6)
    return soft or noisy or above("stripe", 4.0, 2.0)


def _median_edges(sheets: Sequence[Sheet]) -> NDArray[np.uint8]:
    return np.asarray(np.round(np.median(np.stack([s.edges for s in sheets]), axis=0)), np.uint8)


def _usual(
    sheets: Sequence[Sheet], edges: NDArray[np.uint8], own: NDArray[np.float32], lowest: NDArray[np.float32]
) -> Usual:
    def middle(of: Callable[[Sheet], NDArray[np.float32]]) -> NDArray[np.float32]:
        return np.asarray(np.median(np.stack([of(s) for s in sheets]), axis=0), np.float32)

    return Usual(
        numbers=Numbers(
            **{f.name: float(np.median([getattr(s.numbers, f.name) for s in sheets])) for f in fields(Numbers)}
        ),
        fine=middle(lambda s: s.fine),
        middle=middle(lambda s: s.middle),
        coarse=middle(lambda s: s.coarse),
        steep=middle(lambda s: s.steep),
        across=middle(lambda s: s.across),
        along=middle(lambda s: s.along),
        edges=edges,
        own=np.asarray(own, np.float32),
        lowest=np.asarray(lowest, np.float32),
    )


def _extremes(strays: Sequence[Deviation]) -> dict[str, tuple[float, float]]:
    out = {}
    for f in fields(Deviation):
        values = [float(getattr(d, f.name)) for d in strays]
        out[f.name] = (min(values), max(values))
    return out
