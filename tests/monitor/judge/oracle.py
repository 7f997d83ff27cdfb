"""What the judge should say, written the other way round: looking back over all samples, millisecond by millisecond."""

from __future__ import annotations

from collections.abc import Sequence

from camkeeper.model.change import Transition
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.status import Status

LEVELS = (Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN)


def statuses(samples: Sequence[Sample], policy: JudgePolicy, hold_ms: int, now_ms: int, end_ms: int) -> list[Status]:
    """Return the status of every millisecond from 0 to `end_ms`, as known at `now_ms`; samples in strict order."""
    line = [Status.UNKNOWN] * end_ms
    for run, ends_ms in _runs(samples, hold_ms, now_ms):
        levels, doubtful_from = _levels(run, policy)
        for i, sample in enumerate(run):
            until = run[i + 1].at_ms if i + 1 < len(run) else ends_ms if ends_ms is not None else end_ms
            for ms in range(sample.at_ms, min(until, end_ms)):
                line[ms] = LEVELS[levels[i]]
        if doubtful_from is not None and ends_ms is not None:
            for ms in range(run[doubtful_from].at_ms, min(ends_ms, end_ms)):
                line[ms] = Status.UNKNOWN
    return line


def _runs(samples: Sequence[Sample], hold_ms: int, now_ms: int) -> list[tuple[list[Sample], int | None]]:
    """Cut at gaps and at blindness: known samples in a row, and when knowledge ended (None: not yet)."""
    runs: list[tuple[list[Sample], int | None]] = []
    run: list[Sample] = []
    for sample in samples:
        if run and sample.at_ms > run[-1].at_ms + hold_ms:
            runs.append((run, run[-1].at_ms + hold_ms))
            run = []
        if sample.status is not Status.UNKNOWN:
            run.append(sample)
        elif run:
            runs.append((run, sample.at_ms))
            run = []
    if run:
        over = now_ms > run[-1].at_ms + hold_ms
        runs.append((run, run[-1].at_ms + hold_ms if over else None))
    return runs


def _levels(run: Sequence[Sample], policy: JudgePolicy) -> tuple[list[int], int | None]:
    """Return each sample's settled level, and the first sample of a trailing failure that nothing settled."""
    severity = [sample.status.severity for sample in run]
    settled = [0] * len(run)
    for first, last in _streaks(severity, 2):
        if last - first + 1 >= policy.confirm_down:
            settled[first : last + 1] = [2] * (last + 1 - first)
        elif first == 0:  # out of unknown, an unconfirmed failure says nothing
            settled[first : last + 1] = [3] * (last + 1 - first)
    downs = [f + policy.confirm_down - 1 for f, _ in _streaks(severity, 2) if settled[f] == 2]
    for first, last in _streaks(severity, 1):
        # Once down is told, what led to it stays as it was told: the count ends there.
        counted = min([last, *(at for at in downs if first <= at <= last)])
        # Out of unknown the first answer is taken at once.
        whole = first == 0 or counted - first + 1 >= policy.confirm_degraded
        was_down = False
        for i in range(first, last + 1):
            was_down = was_down or settled[i] == 2
            if (whole or was_down) and settled[i] == 0:
                settled[i] = 1
    trailing = [first for first, last in _streaks(severity, 2) if last == len(run) - 1 and settled[first] < 2]
    return settled, trailing[0] if trailing else None


def _streaks(severity: Sequence[int], level: int) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for i, value in enumerate(severity):
        if value < level:
            continue
        if out and out[-1][1] == i - 1:
            out[-1] = (out[-1][0], i)
        else:
            out.append((i, i))
    return out


def painted(transitions: Sequence[Transition], end_ms: int) -> list[Status]:
    """Return the status of every millisecond that a chain of transitions tells; the last one of an instant stands."""
    line = [Status.UNKNOWN] * end_ms
    for transition in transitions:
        for ms in range(min(transition.at_ms, end_ms), end_ms):
            line[ms] = transition.new
    return line
