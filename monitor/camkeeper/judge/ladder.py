"""From the rungs of a probe to one status with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from camkeeper.model.policy import JudgePolicy
from camkeeper.model.probing import ProbeResult, Rung, Sample, Verdict
from camkeeper.model.status import Reason, Status

_ORDER = {rung: place for place, rung in enumerate(Rung)}
_FOUNDATION = frozenset({Rung.REACH, Rung.PING, Rung.SNMP, Rung.TIME})
"""Where one of these fails, nothing above it was asked: what is remembered of the rungs above is old."""
_REFUSALS = frozenset({Verdict.AUTH_REFUSED, Verdict.LATCHED, Verdict.CLOCK_SKEW})
_NOT_ANSWERED = frozenset({Verdict.SKIPPED, Verdict.MONITOR})
_NO_EVIDENCE = _NOT_ANSWERED | {Verdict.LATCHED}

_REASON = {
    Rung.REACH: Reason.NO_ANSWER,
    Rung.PING: Reason.NO_ANSWER,
    Rung.SNMP: Reason.NO_ANSWER,
    Rung.TIME: Reason.NO_ONVIF,
    Rung.AUTH: Reason.NO_ANSWER_AUTHED,
    Rung.SNAPSHOT: Reason.NO_PICTURE,
    Rung.STREAM: Reason.NO_STREAM,
    Rung.RECORDING: Reason.RECORDING_STALE,
}
_REASON_OF_REFUSAL = {
    Verdict.AUTH_REFUSED: Reason.AUTH_REFUSED,
    Verdict.LATCHED: Reason.AUTH_REFUSED,
    Verdict.CLOCK_SKEW: Reason.CLOCK_SKEW,
}
_SEED = {
    Reason.AUTH_REFUSED: (Rung.AUTH, Verdict.AUTH_REFUSED),
    Reason.CLOCK_SKEW: (Rung.AUTH, Verdict.CLOCK_SKEW),
    Reason.NO_ANSWER_AUTHED: (Rung.AUTH, Verdict.FAULT),
    Reason.NO_PICTURE: (Rung.SNAPSHOT, Verdict.FAULT),
    Reason.NO_STREAM: (Rung.STREAM, Verdict.FAULT),
    Reason.RECORDING_STALE: (Rung.RECORDING, Verdict.STALE),
}


@dataclass(frozen=True, slots=True)
class Memory:
    """The newest answer of each rung that ever answered, bottom to top. Equal memories compare equal."""

    answers: tuple[tuple[Rung, Verdict], ...] = ()

    def get(self, rung: Rung) -> Verdict | None:
        """Return the remembered verdict, or None where the rung never answered."""
        return next((verdict for known, verdict in self.answers if known is rung), None)

    def __iter__(self) -> Iterator[tuple[Rung, Verdict]]:
        return iter(self.answers)

    def __len__(self) -> int:
        return len(self.answers)

    def only(self, ladder: Iterable[Rung]) -> Memory:
        """Forget the rungs that are not in `ladder`: after a reload nothing asks them any more."""
        kept = frozenset(ladder)
        return Memory(tuple(answer for answer in self.answers if answer[0] in kept))


NOTHING = Memory()


def merge(memory: Memory, result: ProbeResult) -> Memory:
    """Remember what `result` learnt: a rung that answers replaces, one that was not asked leaves the older answer."""
    fresh = {r.rung: r.verdict for r in result.rungs if r.verdict not in _NOT_ANSWERED}
    if not fresh:
        return memory
    known = dict(memory.answers) | fresh
    return _memory(tuple(sorted(known.items(), key=lambda answer: _ORDER[answer[0]])))


@lru_cache(maxsize=1024)
def _memory(answers: tuple[tuple[Rung, Verdict], ...]) -> Memory:
    """Nearly all devices remember the same: it is kept once."""
    return Memory(answers)


def assess(memory: Memory, policy: JudgePolicy) -> tuple[Status, Reason]:
    """Say what the remembered answers amount to; the lowest rung that decides gives the reason.

    A failed rung of `down_on` is down, one of `degraded_on` degraded, any other decides nothing. Where the device
    spoke (a refused credential, a skewed clock, a fault in answer to the time) it is degraded, never down.
    """
    degraded: Reason | None = None
    # Some cameras want a signature even for their time. Where the signed rung is content, that refusal is no fault.
    signed = memory.get(Rung.AUTH) is Verdict.OK
    for rung, verdict in memory.answers:
        if not verdict.is_failure or not (rung in policy.down_on or rung in policy.degraded_on):
            continue
        if signed and rung is Rung.TIME and verdict is Verdict.AUTH_REFUSED:
            continue
        spoke = _spoke(rung, verdict)
        reason = _REASON_OF_REFUSAL.get(verdict, _REASON[rung])
        if rung in policy.down_on and not spoke:
            return Status.DOWN, reason
        degraded = degraded or reason
        if rung in _FOUNDATION and not spoke:
            break
    return (Status.UP, Reason.RECOVERED) if degraded is None else (Status.DEGRADED, degraded)


def sample_of(result: ProbeResult, memory: Memory, policy: JudgePolicy) -> tuple[Memory, Sample | None]:
    """Return the memory after `result`, and its sample; None where the result says nothing of the device.

    It says nothing where no rung was really asked, and where our own fault hit a rung that tells up from down and no
    other such rung failed: the device may be either, so the silence must run on and become unknown.
    """
    memory = merge(memory, result)
    if all(r.verdict in _NO_EVIDENCE for r in result.rungs):
        return memory, None
    status, reason = assess(memory, policy)
    own_fault = any(r.verdict is Verdict.MONITOR and r.rung in policy.down_on for r in result.rungs)
    if own_fault and not _fails_now(result, policy):
        return memory, None
    return memory, Sample(device_id=result.device_id, at_ms=result.at_ms, status=status, reason=reason)


def _fails_now(result: ProbeResult, policy: JudgePolicy) -> bool:
    """Tell whether `result` itself has a failed rung that makes a device down."""
    return any(
        r.rung in policy.down_on and r.verdict.is_failure and not _spoke(r.rung, r.verdict) for r in result.rungs
    )


def _spoke(rung: Rung, verdict: Verdict) -> bool:
    """Tell whether a failure is an answer all the same: such a device is never down.

    A refusal is one on every rung, and a fault is one where the time was asked: "no answer at reach or ONVIF time" is
    the contract's down, and a device that answers with a fault has answered. Garbage proves no device.
    """
    return verdict in _REFUSALS or (rung is Rung.TIME and verdict is Verdict.FAULT)


def seed(status: Status, reason: Reason) -> Memory:
    """Return a memory that gives a degraded device its status back after a restart.

    Without it the first quick probe, which asks neither credential nor picture, would call the device up. Up, down and
    unknown need no memory: every quick probe asks their rungs anew.
    """
    if status is not Status.DEGRADED or reason not in _SEED:
        return NOTHING
    return Memory((_SEED[reason],))
