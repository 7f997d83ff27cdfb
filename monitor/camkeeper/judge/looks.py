"""The fold from looks to findings: when one camera's pictures are believed. Pure: no clock, no picture.

One look proves nothing. A fault wants so many looks in agreement over so much time (`PicturePolicy`), with no good
look between that speaks against it; then it is dated at the first of them. A finding stands until good looks disprove
it, or until as much evidence, in a row, proves another fault.

What a look may speak for depends on what it was held against:

- Without a baseline only what needs none: no signal, half a picture, a frozen one; too dark or too bright by day.
- A dome may have been sent elsewhere (`Look.place`): only the same again. Where it does not say where it points and
  its picture does match its baseline, that is a good one, however it got there. At home it is as any other camera.
- A picture in which nothing changed, and whose coder left no noise, does not say that a frozen one moves again.
- A good look without a baseline of its light speaks only against what needs none. By night nothing is known of a cover
  seen by day, unless there is a baseline of the night.
- Darkness, glare, noise, blur and missing colour belong to their light: a camera whose infrared lamp is dead looks
  well all day, and one whose filter is stuck looks well all night. Only looks in the same light speak against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from camkeeper.judge import aiming
from camkeeper.judge.looktrack import LookTrack, Tally
from camkeeper.model.dome import Place
from camkeeper.model.picture import STILL, Context, Finding, Look, Need, PicturePolicy, PictureVerdict, Turn

__all__ = ["LookTrack", "judge_look"]

Judged = tuple[LookTrack, Finding | None]

_ABSOLUTE = frozenset({PictureVerdict.NO_SIGNAL, PictureVerdict.HALF_PICTURE, PictureVerdict.FROZEN})
_BY_DAY = frozenset({PictureVerdict.DARK, PictureVerdict.BRIGHT})
"""What needs no baseline by day: by night a lane without a lamp is as dark as a dead sensor."""
_OF_ITS_LIGHT = _BY_DAY | {PictureVerdict.NOISE, PictureVerdict.BLUR, PictureVerdict.IR_STUCK}
_EXPOSURE = frozenset({PictureVerdict.DARK, PictureVerdict.BRIGHT, PictureVerdict.FOG})
_ORDER = {verdict: place for place, verdict in enumerate(PictureVerdict)}
_STALE_MS = 86_400_000
"""What was seen a day ago and not since is no part of today's proof: nobody looked, the camera may have been down."""


def judge_look(track: LookTrack | None, look: Look, policy: PicturePolicy) -> Judged:
    """Fold in one look; return the finding that it completes, changes or ends (then its verdict is `ok`).

    `track` None: a camera never looked at before. A look at or before the last one is dropped: late and duplicate
    deliveries change nothing.
    """
    if track is None:
        track = LookTrack(device_id=look.device_id, last_ms=look.at_ms)
    elif track.device_id != look.device_id:
        raise ValueError(f"a look of {look.device_id} for the track of {track.device_id}")
    elif look.at_ms <= track.last_ms:
        return track, None
    track = replace(_fresh(track, look.at_ms), last_ms=look.at_ms)
    if not look.diagnosis.verdict.is_fault:
        return _good(track, look, policy)
    if not _is_believed(look):
        return track, None
    return _fault(track, look, policy)


def _is_believed(look: Look) -> bool:
    verdict = look.diagnosis.verdict
    if verdict in _ABSOLUTE:
        return True
    if look.baseline is None:
        return verdict in _BY_DAY and look.context is Context.DAY
    return look.place is Place.HOME


def _speaks_against(look: Look, verdict: PictureVerdict, seen_in: Context | None) -> bool:
    """Return whether a good look disproves a fault that was last seen in the light `seen_in`."""
    if verdict is PictureVerdict.FROZEN and STILL in look.diagnosis.advisory:
        return False
    if verdict in _ABSOLUTE:
        return True
    if verdict in _OF_ITS_LIGHT and look.context is not seen_in:
        return False
    return look.baseline is not None or (verdict in _BY_DAY and look.context is Context.DAY)


def _fresh(track: LookTrack, at_ms: int) -> LookTrack:
    """Forget what is too old to be of one piece with a look now."""
    if at_ms - track.last_ms <= _STALE_MS and all(at_ms - t.last_ms <= _STALE_MS for t in track.tallies):
        return track
    parted = at_ms - track.last_ms > _STALE_MS
    return replace(
        track,
        tallies=tuple(t for t in track.tallies if at_ms - t.last_ms <= _STALE_MS),
        aims=tuple(aim for aim in track.aims if at_ms - aim.last_ms <= _STALE_MS),
        run=None if parted else track.run,
        run_aim=None if parted else track.run_aim,
        good=0 if parted else track.good,
    )


def _good(track: LookTrack, look: Look, policy: PicturePolicy) -> Judged:
    left = tuple(t for t in track.tallies if not _speaks_against(look, t.verdict, t.context))
    turned = any(t.verdict is PictureVerdict.MOVED for t in left)
    run = track.run if track.run is not None and any(t.verdict is track.run.verdict for t in left) else None
    track = replace(
        track,
        tallies=left,
        run=run,
        aims=track.aims if turned else (),
        run_aim=track.run_aim if turned else None,
        well_ms=track.well_ms if look.baseline is None else look.at_ms,
    )
    standing = track.finding
    if standing is None or not _speaks_against(look, standing.verdict, track.context):
        return track, None
    track = replace(track, good=track.good + 1, good_since_ms=track.good_since_ms if track.good else look.at_ms)
    if track.good < policy.clear.looks or look.at_ms - track.good_since_ms < policy.clear.span_ms:
        return track, None
    over = Finding(
        device_id=track.device_id,
        verdict=PictureVerdict.OK,
        since_ms=track.good_since_ms,
        decided_ms=look.at_ms,
        looks=track.good,
    )
    return replace(track, finding=None, context=None, good=0, good_since_ms=0), over


def _fault(track: LookTrack, look: Look, policy: PicturePolicy) -> Judged:
    track = replace(_counted(track, look, policy), good=0, good_since_ms=0)
    standing = track.finding
    if standing is not None and standing.verdict is look.diagnosis.verdict:
        track = replace(track, context=look.context)
    found = _proof(track, look, policy) if standing is None else _replacement(track, standing, look, policy)
    if found is None:
        return track, None
    seen_in = next((t.context for t in track.tallies if t.verdict is found.verdict), look.context)
    return replace(track, finding=found, context=seen_in), found


def _counted(track: LookTrack, look: Look, policy: PicturePolicy) -> LookTrack:
    """Add a fault to what was seen of it, to what was seen in a row, and its turn to those it agrees with."""
    verdict, turn = look.diagnosis.verdict, look.diagnosis.turn
    tallies = {t.verdict: t for t in track.tallies}
    tallies[verdict] = _one_more(tallies.get(verdict), look)
    in_a_row = track.run is not None and track.run.verdict is verdict
    run = _one_more(track.run if in_a_row else None, look)
    aims, run_aim = track.aims, track.run_aim if in_a_row else None
    if verdict is PictureVerdict.MOVED and turn is not None:
        aims = aiming.sorted_in(aims, turn, look.at_ms, policy.agree_deg)
        same = run_aim is not None and aiming.agrees(run_aim, turn, policy.agree_deg)
        run_aim = aiming.joined(run_aim, turn, look.at_ms) if same and run_aim else aiming.begun(turn, look.at_ms)
    ordered = tuple(sorted(tallies.values(), key=lambda t: _ORDER[t.verdict]))
    return replace(track, tallies=ordered, run=run, aims=aims, run_aim=run_aim)


def _one_more(tally: Tally | None, look: Look) -> Tally:
    first_ms, count = (look.at_ms, 0) if tally is None else (tally.first_ms, tally.count)
    return Tally(
        verdict=look.diagnosis.verdict, first_ms=first_ms, last_ms=look.at_ms, count=count + 1, context=look.context
    )


def _need(verdict: PictureVerdict, policy: PicturePolicy) -> Need:
    """Return how much evidence a verdict wants, counted without regard to where a camera was turned to.

    Turned each time otherwise is what a loose mount does, and what a mistaken measure does too: that wants as much as
    the weather's faults do.
    """
    if verdict in _EXPOSURE or verdict is PictureVerdict.MOVED:
        return policy.exposure
    if verdict is PictureVerdict.NO_SIGNAL:
        return policy.no_signal
    return policy.frozen if verdict is PictureVerdict.FROZEN else policy.image


def _kind(verdict: PictureVerdict) -> PictureVerdict:
    """Return what stands for the verdicts that count together: dark, bright and fog; and all that blinds the lens."""
    if verdict in _EXPOSURE:
        return PictureVerdict.DARK
    alone = {PictureVerdict.NO_SIGNAL, PictureVerdict.FROZEN, PictureVerdict.MOVED}
    return verdict if verdict in alone else PictureVerdict.COVER


def _proof(track: LookTrack, look: Look, policy: PicturePolicy) -> Finding | None:
    """Return what the looks prove since the last good one: a turn, one kind of fault, or a fault of changing kinds.

    Half a cover looks like blur by turns, a turned camera like another scene: they compete for the label, not for the
    fact. All kinds together want as much evidence as the weakest of them. Other faults than the newest count only where
    nothing good was seen since they began, in whatever light.
    """
    verdict = look.diagnosis.verdict
    if verdict is PictureVerdict.MOVED and look.diagnosis.turn is not None:
        aim = track.aims[0]
        if aiming.proved(aim, policy.moved):
            return _found(track, verdict, since_ms=aim.first_ms, count=aim.count, turn=aiming.together(aim))
    seen = [t for t in track.tallies if t.verdict is verdict or t.first_ms > track.well_ms]
    alike = [t for t in seen if _kind(t.verdict) is _kind(verdict)]
    return _enough(track, alike, policy) or _enough(track, seen, policy)


def _enough(track: LookTrack, seen: Sequence[Tally], policy: PicturePolicy) -> Finding | None:
    needs = [_need(t.verdict, policy) for t in seen]
    since_ms, count = min(t.first_ms for t in seen), sum(t.count for t in seen)
    if count < max(n.looks for n in needs) or track.last_ms - since_ms < max(n.span_ms for n in needs):
        return None
    commonest = max(seen, key=lambda t: (t.count, -_ORDER[t.verdict]))
    return _found(track, commonest.verdict, since_ms=since_ms, count=count)


def _replacement(track: LookTrack, standing: Finding, look: Look, policy: PicturePolicy) -> Finding | None:
    """Return another fault than the one that stands, if looks in a row prove it: a label does not waver by turns."""
    verdict, run, aim = look.diagnosis.verdict, track.run, track.run_aim
    is_turn = verdict is PictureVerdict.MOVED and look.diagnosis.turn is not None
    if is_turn and aim is not None and aiming.proved(aim, policy.moved):
        turn = aiming.together(aim)
        if standing.verdict is verdict and not aiming.differ(standing.turn, turn, policy.agree_deg):
            return None
        return _found(track, verdict, since_ms=aim.first_ms, count=aim.count, turn=turn)
    if run is None or standing.verdict is verdict:
        return None
    need = _need(verdict, policy)
    if run.count < need.looks or run.last_ms - run.first_ms < need.span_ms:
        return None
    return _found(track, verdict, since_ms=run.first_ms, count=run.count)


def _found(
    track: LookTrack, verdict: PictureVerdict, *, since_ms: int, count: int, turn: Turn | None = None
) -> Finding:
    return Finding(
        device_id=track.device_id,
        verdict=verdict,
        since_ms=since_ms,
        decided_ms=track.last_ms,
        turn=turn,
        looks=count,
    )
