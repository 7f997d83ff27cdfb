"""What is wrong with a picture: by itself where there is no baseline, else by how far it strays from it. Pure.

Every limit is the worse of two: what is wrong with any camera, and the most that healthy pictures of *this* camera ever
showed, with room. The numbers are where healthy and spoilt real pictures part (bench/bench_picture.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import Context, Diagnosis, PictureVerdict, Turn
from camkeeper.picture.aim import aim_of
from camkeeper.picture.baseline import Baseline
from camkeeper.picture.deviation import Deviation, deviation
from camkeeper.picture.proof import LEAST, fits_similarity, fits_turn
from camkeeper.picture.sheet import Numbers, Sheet
from camkeeper.picture.similar import Similarity, similarity
from camkeeper.picture.tiles import likeness
from camkeeper.picture.turn import turn_between

V = PictureVerdict
ORDER: Final = tuple(V)
SHIFT_SHARE: Final = 0.012
"""Of the field of view: less than this a mast sways."""
ROLL_DEG: Final = 2.5
_STRUCTURE: Final = 0.6
"""Of the telling tiles: where so many still match, light and lens are to blame and not what stands before it."""
_FLAT_CELLS: Final = 0.93
_ASPECT: Final = 0.02

Measures = Callable[[], tuple[Turn | None, Similarity | None]]


def diagnose(
    sheet: Sheet,
    baseline: Baseline | None,
    *,
    hfov_deg: float = 90.0,
    tilt_deg: float = 0.0,
    image: NDArray[np.uint8] | None = None,
) -> Diagnosis:
    """Return what the sheet amounts to. `image`: the picture itself, looked at again only where it may have moved.

    `tilt_deg`: how far down the camera looks, as registered; a turn is measured about its mast.
    """
    if baseline is None:
        alarms = tuple(_absolute(sheet.numbers))
        return _diagnosis(alarms, sheet, None, None, "")
    if not _comparable(sheet, baseline):
        alarms = tuple(_absolute(sheet.numbers))
        size = f"{sheet.width_px}x{sheet.height_px}, learnt at {baseline.width_px}x{baseline.height_px}"
        return _diagnosis(alarms, sheet, None, None, f"another shape of picture: {size}")
    same_size = (sheet.width_px, sheet.height_px) == (baseline.width_px, baseline.height_px)
    strays = deviation(sheet, baseline.usual, own_whole=baseline.own_whole, sharp=same_size)
    case = _Case(sheet=sheet, baseline=baseline, strays=strays, hfov_deg=hfov_deg)
    alarms, turn = case.alarms(lambda: _seen_again(baseline, sheet, image, hfov_deg, tilt_deg))
    detail = "" if same_size else "another size than learnt: sharpness and noise are not compared"
    return _diagnosis(alarms, sheet, strays, turn, detail, advisory=tuple(case.advisory(alarms)))


def _comparable(sheet: Sheet, baseline: Baseline) -> bool:
    return (
        abs(sheet.height_px / sheet.width_px - baseline.height_px / baseline.width_px) <= _ASPECT
        and sheet.edges.shape == baseline.usual.edges.shape
    )


def _diagnosis(
    alarms: tuple[PictureVerdict, ...],
    sheet: Sheet,
    strays: Deviation | None,
    turn: Turn | None,
    detail: str,
    *,
    advisory: tuple[str, ...] = (),
) -> Diagnosis:
    verdict = next((a for a in alarms if a.is_fault), alarms[0] if alarms else V.OK)
    features = {name: round(value, 4) for name, value in asdict(sheet.numbers).items()}
    if strays is not None:
        features |= {f"d_{name}": round(value, 4) for name, value in asdict(strays).items()}
    return Diagnosis(verdict=verdict, alarms=alarms, advisory=advisory, turn=turn, features=features, detail=detail)


def _absolute(n: Numbers) -> Iterator[PictureVerdict]:
    """Yield what is wrong whatever the camera: a healthy picture of any of them is none of this."""
    if _no_signal(n):
        yield V.NO_SIGNAL
        return
    if 0.15 <= n.flat_rows < 1.0 and n.p50 > 15:
        yield V.HALF_PICTURE
    if n.noise > 2.6 and n.noise_floor > 2.3:
        yield V.NOISE
    if n.p99 < 35:
        yield V.DARK
    if n.p50 > 235 or n.saturated > 0.6:
        yield V.BRIGHT


def _no_signal(n: Numbers) -> bool:
    return n.flat_cells >= _FLAT_CELLS and n.flat_spread <= 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One picture against its baseline."""

    sheet: Sheet
    baseline: Baseline
    strays: Deviation
    hfov_deg: float

    def below(self, name: str, limit: float, room: float) -> bool:
        """Tell whether a deviation is under the limit, and under what this camera's healthy pictures ever showed."""
        return float(getattr(self.strays, name)) < min(limit, self.baseline.low(name) - room)

    def above(self, name: str, limit: float, room: float) -> bool:
        """Tell whether a deviation is over the limit, and over what this camera's healthy pictures ever showed."""
        return float(getattr(self.strays, name)) > max(limit, self.baseline.high(name) + room)

    @property
    def structured(self) -> bool:
        """Whether most of the scene is where it was."""
        return self.strays.matched >= min(_STRUCTURE, 0.8 * self.baseline.strays["matched"][0])

    def alarms(self, measure: Measures) -> tuple[tuple[PictureVerdict, ...], Turn | None]:
        """Return what is wrong, in the order in which it decides, and the turn where it moved."""
        usual = self.baseline.usual.numbers
        if _no_signal(self.sheet.numbers) and usual.flat_cells < 0.8 and self.strays.whole < 0.3:
            return (V.BRIGHT if self.sheet.numbers.saturated > 0.5 else V.NO_SIGNAL,), None
        found = {v for v, wrong in self._light_and_lens() if wrong}
        turn = None
        if self._displaced() and not found & {V.HALF_PICTURE, V.DARK, V.BRIGHT}:
            # A cast is what a cover does to the colours: it explains nothing away.
            structural, turn = self._structural(measure, alone=not any(v.is_fault for v in found))
            found |= structural
        return tuple(v for v in ORDER if v in found), turn

    def _light_and_lens(self) -> list[tuple[PictureVerdict, bool]]:
        s, n = self.strays, self.sheet.numbers
        # A wall in the evening sun is lighter by 70 grey levels, an eighth of it white, and still usable.
        white = self.above("saturated", 0.2, 0.05) or (n.p50 > 175 and n.p99 >= 248)
        # Rows that never arrived are white with some decoders; all that is white is then in them.
        torn = self.above("flat_rows", 0.1, 0.1)
        bright = self.above("p50", 40.0, 15.0) and white and not (torn and n.saturated <= n.flat_rows + 0.05)
        dark = self.below("p50", -30.0, 15.0) and self.below("p99", -40.0, 20.0) and (self.structured or n.p99 < 40)
        fog = self.below("span", -32.0, 12.0) and self.above("p1", 14.0, 8.0) and self.structured
        # Over a scene without white, such as water, fog lifts the brightest too, and the darkest much more.
        fog = fog and (s.p99 < 20 or s.p1 > 3.0 * s.p99)
        # A soft lens takes contrast too, and much more of the detail.
        fog = fog and (s.sharpness > -0.6 or s.span < -70.0)
        noisy = self.above("noise", 0.9, 0.3) and self.above("noise_floor", 0.8, 0.3)
        return [
            (V.HALF_PICTURE, torn and not dark and not bright),
            (V.NOISE, noisy and not bright),
            (V.STRIPES, self.above("stripe", self._stripe_limit, 1.0) and not bright),
            (V.DARK, dark),
            (V.BRIGHT, bright),
            (V.FOG, self._veiled() and not bright),
            (V.BLUR, self._blurred() and not dark and not bright),
            (V.IR_STUCK, self._colourless()),
            (V.CAST, self.above("cast", 0.12, 0.05) and not dark and not bright),
        ]

    @property
    def _stripe_limit(self) -> float:
        """Grey levels. Where the scene is no longer itself, a wall or a row of cars may make a wave of its own."""
        return 2.0 + 8.0 * max(0.0, 0.75 - self.strays.matched)

    def _veiled(self) -> bool:
        s = self.strays
        flatter = self.below("span", -32.0, 12.0) and self.above("p1", 14.0, 8.0) and s.p99 < 20
        # By night lamps lift the mist little; over a dark picture light mist need not take contrast at all.
        lamps = self.below("span", -60.0, 15.0) and self.above("p1", 9.0, 4.0) and s.p99 < 0 and s.matched > 0.7
        lifted = self.above("veil", 0.25, 0.1) and self.above("p1", 25.0, 10.0) and s.matched > 0.7
        # A soft lens takes contrast too, and much more of the detail.
        sharp = s.sharpness > -0.6 or s.span < -70.0
        # Mist takes edges away and contrast everywhere; snow puts others there, a cover leaves the rest as it was.
        taken = s.matched > 0.85 or (s.contrast < -0.3 and (s.matched > 0.75 or s.lost > 0.3))
        return self.structured and sharp and taken and (flatter or lamps or lifted)

    def _blurred(self) -> bool:
        # Where the scene is no longer itself its detail says nothing of the lens.
        return self.below("sharpness", -0.25, 0.08) and self.structured

    def _colourless(self) -> bool:
        usual = self.baseline.usual.numbers.chroma
        by_day = self.baseline.context is Context.DAY and usual > 2.0
        return by_day and self.sheet.numbers.chroma < min(1.2, 0.35 * usual) and self.below("chroma", -1.0, 0.3)

    def _displaced(self) -> bool:
        lowest = self.baseline.strays["matched"][0]
        return self.strays.matched < min(0.85, lowest - 0.1)

    def _structural(self, measure: Measures, *, alone: bool) -> tuple[set[PictureVerdict], Turn | None]:
        """Tell apart what was turned, what is covered, and what looks at something else."""
        s = self.strays
        if self._flipped():
            return {V.ROTATED}, None
        turn, similar = measure()
        kind = _kind_of(turn, self.hfov_deg) if turn is not None else _kind_seen(similar)
        if kind is not None:
            return {kind}, turn if kind is V.MOVED else None
        # Close to the lens a thing has no detail; another scene has as much, and it is not the one that was learnt.
        strange = (1.0 - s.matched) * (1.0 - s.lost)
        if strange >= 0.32 and s.whole < 0.62 and s.matched < 0.4:
            return {V.OTHER_SCENE}, None
        # What is as sharp as the scene was stands in it: a jam, snow. It hides where little else is left.
        hidden = s.lost >= 0.3 or (alone and s.matched < 0.35)
        if s.unmatched >= 0.15 and hidden:
            return {V.COVER}, None
        return set(), None

    def _flipped(self) -> bool:
        edges, own = self.baseline.usual.edges, self.baseline.own_whole
        flips = (edges[::-1, ::-1], edges[:, ::-1], edges[::-1])
        return any(likeness(np.ascontiguousarray(f), self.sheet.edges).whole > 0.6 * own for f in flips)

    def advisory(self, alarms: tuple[PictureVerdict, ...]) -> Iterator[str]:
        """Yield what is worth a look and not sure enough to alarm: real dirt was found one time in ten."""
        if V.CAST in alarms:
            yield "cast"
        if any(a.is_fault for a in alarms):
            return
        softer = self.sheet.fine - self.sheet.coarse - (self.baseline.usual.fine - self.baseline.usual.coarse)
        share = float((softer - np.median(softer) < -0.8).mean())
        if 0.04 < share < 0.3:
            yield "dirt"
        stronger = self.sheet.coarse - self.baseline.usual.coarse
        if float((stronger - np.median(stronger) > 1.0).mean()) > 0.15:
            yield "web"


def _kind_of(turn: Turn, hfov_deg: float) -> PictureVerdict | None:
    aside = max(abs(turn.yaw_deg), abs(turn.pitch_deg))
    if abs(turn.roll_deg) >= ROLL_DEG and abs(turn.roll_deg) > aside:
        return V.ROTATED
    return V.MOVED if aside >= SHIFT_SHARE * hfov_deg else None


def _kind_seen(similar: Similarity | None) -> PictureVerdict | None:
    if similar is None:
        return None
    if abs(similar.roll_deg) >= ROLL_DEG:
        return V.ROTATED
    return V.MOVED if similar.shift >= SHIFT_SHARE or abs(similar.scale - 1.0) > 0.03 else None


def _seen_again(
    baseline: Baseline, sheet: Sheet, image: NDArray[np.uint8] | None, hfov_deg: float, tilt_deg: float
) -> tuple[Turn | None, Similarity | None]:
    """Look for the scene elsewhere in the picture: an expensive look, and only where it is no longer in its place."""
    now = sheet.aim if image is None else aim_of(image)
    if now is None:
        return None, None
    turn = turn_between(baseline.aim, now, hfov_deg=hfov_deg, tilt_deg=tilt_deg)
    if turn is not None and fits_turn(baseline.aim, now.edges, turn, hfov_deg=hfov_deg, tilt_deg=tilt_deg) >= LEAST:
        return turn, None
    similar = similarity(baseline.aim, now)
    if similar is not None and fits_similarity(baseline.aim, now.edges, similar) >= LEAST:
        return None, similar
    return None, None
