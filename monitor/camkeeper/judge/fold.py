"""The fold from samples to dated transitions.

Between up, degraded and down a worsening wants a streak of samples at least that bad and is dated at the first of
them; an improvement wants one sample. A sample holds `hold_ms`; after that nobody knows. Out of unknown an answer
counts at once, and a failure only when it is confirmed.

Two transitions may carry the same instant: with `confirm_degraded` 2 and `confirm_down` 3, a third failure moves the
whole streak from degraded to down. Then the later decision wins, and the span between them is empty. A reader of the
chain gets this by letting the last transition of an instant stand.
"""

from __future__ import annotations

from dataclasses import replace

from camkeeper.judge.track import Streak, Track
from camkeeper.model.change import Transition
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.status import Reason, Status

__all__ = ["MAX_CHANGES", "Outcome", "Track", "expire", "is_unstable", "judge"]

MAX_CHANGES = 64
"""No more instants than this are remembered for flap damping, whatever the policy wants."""

_KNOWN = frozenset({Status.UP, Status.DEGRADED, Status.DOWN})

Outcome = tuple[Track, tuple[Transition, ...]]


def judge(track: Track | None, sample: Sample, policy: JudgePolicy, hold_ms: int) -> Outcome:
    """Fold in one sample; None is a device never seen before.

    A sample at or before the last one is dropped: late and duplicate deliveries change nothing.
    """
    if hold_ms <= 0:
        raise ValueError(f"a sample must hold some time: {hold_ms} ms")
    if track is None:
        return _first(sample, policy)
    if track.device_id != sample.device_id:
        raise ValueError(f"a sample of {sample.device_id} for the track of {track.device_id}")
    if sample.at_ms <= track.last_ms:
        return track, ()
    track, lapsed = _lapse(track, sample.at_ms, hold_ms)
    track = replace(track, last_ms=sample.at_ms, degraded_by=_degraded_by(track, sample))
    if sample.status is Status.UNKNOWN:
        track, changes = _blind(track, sample)
    elif track.status is Status.UNKNOWN:
        track, changes = _emerge(track, sample, policy)
    else:
        track, changes = _weigh(track, sample, policy)
    made = lapsed + changes
    return _remember(track, made, policy), made


def expire(track: Track, now_ms: int, hold_ms: int) -> Outcome:
    """Turn a device unknown whose last sample no longer holds at `now_ms`.

    Give a `now_ms` before which no probe is still on its way: a sample that arrives later than its own expiry is
    taken, but dated no earlier than the unknown already told.
    """
    if hold_ms <= 0:
        raise ValueError(f"a sample must hold some time: {hold_ms} ms")
    return _lapse(track, now_ms, hold_ms)


def is_unstable(track: Track, now_ms: int, policy: JudgePolicy) -> bool:
    """Tell whether the device flaps: a matter of alerts, never of the record."""
    since_ms = now_ms - round(policy.flap_window_s * 1000)
    recent = sum(since_ms < at_ms <= now_ms for at_ms in track.changes_ms)
    return recent >= min(policy.flap_changes, MAX_CHANGES)


def _first(sample: Sample, policy: JudgePolicy) -> Outcome:
    """Begin a life: unknown, and then what the first sample makes of it."""
    known = sample.status is not Status.UNKNOWN
    track = Track(
        device_id=sample.device_id,
        status=Status.UNKNOWN,
        reason=Reason.FIRST_SEEN if known else sample.reason,
        since_ms=sample.at_ms,
        last_ms=sample.at_ms,
        degraded_by=sample.reason if sample.status is Status.DEGRADED else None,
    )
    if not known:
        return track, ()
    seen = replace(sample, reason=Reason.FIRST_SEEN) if sample.status is Status.UP else sample
    return _emerge(track, seen, policy)


def _emerge(track: Track, sample: Sample, policy: JudgePolicy) -> Outcome:
    """Leave unknown. An answer counts at once. A failure wants its confirmation here too, and is unknown until then:
    the first probe after a restart or a lost uplink is the one most likely to fail by our own doing.
    """
    if sample.status is not Status.DOWN:
        return _move(track, sample.status, at_ms=sample.at_ms, sample=sample)
    down = _grown(track.down, sample, Status.DOWN)
    if down.count >= policy.confirm_down:
        return _confirm(track, Status.DOWN, down, sample)
    return replace(track, down=down), ()


def _lapse(track: Track, now_ms: int, hold_ms: int) -> Outcome:
    """End the hold of the last sample, if it ended before `now_ms`."""
    if now_ms <= track.last_ms + hold_ms:
        return track, ()
    if track.status is Status.UNKNOWN:
        return replace(track, down=None), ()
    at_ms = _unsettled_from(track, track.last_ms + hold_ms)
    return _change(track, Status.UNKNOWN, at_ms=at_ms, decided_ms=now_ms, reason=Reason.SILENCE)


def _blind(track: Track, sample: Sample) -> Outcome:
    if track.status is Status.UNKNOWN:
        return replace(track, reason=sample.reason, down=None), ()
    return _move(track, Status.UNKNOWN, at_ms=_unsettled_from(track, sample.at_ms), sample=sample)


def _unsettled_from(track: Track, at_ms: int) -> int:
    """Return from when nobody knows, where knowledge ends at `at_ms`.

    A failure that awaits its confirmation may have been a lost packet or the beginning of the outage. If nothing comes
    to settle it, neither up nor down may be claimed from its first sample on. A mere degradation is no such doubt: the
    device answered, so it is online either way (and were it made unknown, a sample raised from down to up could lower
    the figure).
    """
    return at_ms if track.down is None else track.down.since_ms


def _weigh(track: Track, sample: Sample, policy: JudgePolicy) -> Outcome:
    """Fold a known status into a known status."""
    if sample.status.severity < track.status.severity:
        return _move(track, sample.status, at_ms=sample.at_ms, sample=sample)
    if sample.status is track.status:
        return replace(track, reason=sample.reason, worse=None, down=None), ()
    worse = _grown(track.worse, sample, Status.DEGRADED) if track.status is Status.UP else None
    down = _grown(track.down, sample, Status.DOWN) if sample.status is Status.DOWN else None
    track = replace(track, worse=worse, down=down)
    is_down = down is not None and down.count >= policy.confirm_down
    made: tuple[Transition, ...] = ()
    # Not degraded where down is confirmed for the very same span: an empty span would be told for nothing.
    covered = is_down and down is not None and worse is not None and down.since_ms <= worse.since_ms
    if worse is not None and worse.count >= policy.confirm_degraded and not covered:
        track, made = _confirm(track, Status.DEGRADED, worse, sample)
        track = replace(track, down=down)
    if is_down and down is not None:
        track, more = _confirm(track, Status.DOWN, down, sample)
        made += more
    return track, made


def _grown(streak: Streak | None, sample: Sample, level: Status) -> Streak:
    """Lengthen a streak; its reason is the newest one of exactly its level."""
    if streak is None:
        return Streak(since_ms=sample.at_ms, count=1, reason=sample.reason)
    reason = sample.reason if sample.status is level else streak.reason
    return Streak(since_ms=streak.since_ms, count=streak.count + 1, reason=reason)


def _confirm(track: Track, new: Status, streak: Streak, sample: Sample) -> Outcome:
    return _change(track, new, at_ms=streak.since_ms, decided_ms=sample.at_ms, reason=streak.reason)


def _move(track: Track, new: Status, *, at_ms: int, sample: Sample) -> Outcome:
    return _change(track, new, at_ms=at_ms, decided_ms=sample.at_ms, reason=sample.reason)


def _change(track: Track, new: Status, *, at_ms: int, decided_ms: int, reason: Reason) -> Outcome:
    """Change the status; streaks end. Never dated before the change that went before it."""
    at_ms = max(at_ms, track.since_ms)
    transition = Transition(
        device_id=track.device_id,
        at_ms=at_ms,
        decided_ms=max(decided_ms, at_ms),
        old=track.status,
        new=new,
        reason=reason,
    )
    return replace(track, status=new, reason=reason, since_ms=at_ms, worse=None, down=None), (transition,)


def _degraded_by(track: Track, sample: Sample) -> Reason | None:
    """Only an up sample clears what was wrong with a device that answers: while down or unseen nothing is learnt."""
    if sample.status is Status.DEGRADED:
        return sample.reason
    return None if sample.status is Status.UP else track.degraded_by


def _remember(track: Track, made: tuple[Transition, ...], policy: JudgePolicy) -> Track:
    """Note the device's own changes for flap damping; our going blind and coming back is not the device's."""
    instants = [t.at_ms for t in made if t.old in _KNOWN and t.new in _KNOWN]
    if not instants:
        return track
    kept = sorted({*track.changes_ms, *instants})[-min(max(policy.flap_changes, 1), MAX_CHANGES) :]
    return replace(track, changes_ms=tuple(kept))
