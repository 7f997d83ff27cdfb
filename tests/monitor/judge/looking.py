"""Looks for tests: written short, and any that hypothesis thinks of."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from camkeeper.judge.looks import LookTrack, judge_look
from camkeeper.model.picture import (
    Context,
    Diagnosis,
    Finding,
    Look,
    PicturePolicy,
    PictureVerdict,
    Turn,
)

MIN = 60_000
HOUR = 60 * MIN
POLICY = PicturePolicy()
V = PictureVerdict
DAY, NIGHT = Context.DAY, Context.NIGHT


def turn(yaw_deg: float, error_deg: float = 0.2) -> Turn:
    return Turn(yaw_deg=yaw_deg, pitch_deg=0.1, roll_deg=-0.1, error_deg=error_deg, method="features", support=40.0)


def look(
    at_ms: int,
    verdict: PictureVerdict = V.OK,
    *,
    yaw_deg: float | None = None,
    context: Context = DAY,
    baseline: int | None = 1,
    device_id: str = "cam",
) -> Look:
    moved = None if yaw_deg is None else turn(yaw_deg)
    diagnosis = Diagnosis(verdict=verdict, turn=moved)
    return Look(device_id=device_id, at_ms=at_ms, context=context, diagnosis=diagnosis, baseline=baseline)


def every(minutes: int, *verdicts: PictureVerdict, first_min: int = 0, context: Context = DAY) -> list[Look]:
    return [look((first_min + n * minutes) * MIN, v, context=context) for n, v in enumerate(verdicts)]


def fold(
    looks: Iterable[Look], track: LookTrack | None = None, policy: PicturePolicy = POLICY
) -> tuple[LookTrack | None, list[Finding]]:
    found = []
    for one in looks:
        track, finding = judge_look(track, one, policy)
        if finding is not None:
            found.append(finding)
    return track, found


@st.composite
def histories(draw: st.DrawFn) -> list[Look]:
    """Looks of one camera, in the order of time; gaps of minutes and sometimes of days."""
    looks = []
    at_ms = draw(st.integers(0, HOUR))
    wait = st.sampled_from([MIN, 5 * MIN, 7 * MIN, 10 * MIN, 30 * MIN, 30 * HOUR])
    verdicts = st.sampled_from([*V, V.OK, V.COVER, V.BLUR, V.MOVED, V.FOG])
    context = draw(st.sampled_from(Context))
    for _ in range(draw(st.integers(0, 25))):
        verdict = draw(verdicts)
        if draw(st.integers(0, 5)) == 0:
            context = NIGHT if context is DAY else DAY
        looks.append(
            look(
                at_ms,
                verdict,
                yaw_deg=draw(st.sampled_from([None, 20.0, 20.2, 20.6, -179.9, 179.9])) if verdict is V.MOVED else None,
                context=context,
                baseline=draw(st.sampled_from([1, 1, 1, None])),
            )
        )
        at_ms += draw(wait)
    return looks
