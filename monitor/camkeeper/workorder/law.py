"""Which step is allowed when, and where it leads: the one table of work orders."""

from __future__ import annotations

from collections.abc import Mapping

from camkeeper.model.workorder import OrderKind, OrderState, Step

_S = OrderState
_OPEN = frozenset({_S.OPENED, _S.ASSIGNED})
_AT_WORK = _OPEN | {_S.ACCEPTED, _S.ON_SITE}
_REPAIR_LIVE = _AT_WORK | {_S.REPAIRED, _S.VERIFIED}

REPAIR: Mapping[Step, frozenset[OrderState]] = {
    Step.ASSIGNED: _AT_WORK,
    Step.ACCEPTED: _OPEN,
    Step.ON_SITE: frozenset({_S.ACCEPTED}),
    # A line is often repaired without anybody going there: the operator is called.
    Step.REPAIRED: frozenset({_S.ACCEPTED, _S.ON_SITE}),
    Step.VERIFIED: frozenset({_S.REPAIRED}),
    Step.CLOSED: frozenset({_S.VERIFIED}),
    Step.REOPENED: frozenset({_S.REPAIRED, _S.VERIFIED, _S.CLOSED}),
    Step.GREW: _AT_WORK | {_S.REPAIRED},
    Step.LEFT: _AT_WORK | {_S.REPAIRED},
    Step.NOTED: _REPAIR_LIVE,
    Step.PHOTO: _REPAIR_LIVE,
    Step.SIGNED: frozenset(),
    Step.MERGED: _AT_WORK | {_S.REPAIRED},
    Step.CANCELLED: _AT_WORK | {_S.REPAIRED},
}
_ROUND_LIVE = _AT_WORK | {_S.SIGNED}
INSPECTION: Mapping[Step, frozenset[OrderState]] = {
    Step.ASSIGNED: _AT_WORK,
    Step.ACCEPTED: _OPEN,
    Step.ON_SITE: frozenset({_S.ACCEPTED}),
    Step.REPAIRED: frozenset(),
    Step.VERIFIED: frozenset(),
    Step.CLOSED: frozenset({_S.SIGNED}),
    Step.REOPENED: frozenset(),
    Step.GREW: frozenset(),
    Step.LEFT: frozenset(),
    Step.NOTED: _ROUND_LIVE,
    Step.PHOTO: _ROUND_LIVE,
    Step.SIGNED: frozenset({_S.ON_SITE}),
    Step.MERGED: frozenset(),
    Step.CANCELLED: _AT_WORK,
}
LEGAL: Mapping[OrderKind, Mapping[Step, frozenset[OrderState]]] = {
    OrderKind.REPAIR: REPAIR,
    OrderKind.INSPECTION: INSPECTION,
}
"""Kind -> step -> the states in which it may be taken. `OPENED` makes an order and is in no row."""

LEADS_TO: Mapping[Step, OrderState] = {
    Step.ASSIGNED: _S.ASSIGNED,
    Step.ACCEPTED: _S.ACCEPTED,
    Step.ON_SITE: _S.ON_SITE,
    Step.REPAIRED: _S.REPAIRED,
    Step.VERIFIED: _S.VERIFIED,
    Step.CLOSED: _S.CLOSED,
    Step.REOPENED: _S.ASSIGNED,
    Step.SIGNED: _S.SIGNED,
    Step.MERGED: _S.MERGED,
    Step.CANCELLED: _S.CANCELLED,
}
"""Step -> state; a step that is not here leaves the state. `REOPENED` leads to `OPENED` where nobody is assigned."""


def table(kind: OrderKind) -> str:
    """Return the table of legal steps as Markdown: a row a step, a column a state (the design note has it)."""
    states = [s for s in OrderState if any(s in allowed for allowed in LEGAL[kind].values())]
    lines = ["| step | " + " | ".join(states) + " | leads to |", "|---" * (len(states) + 2) + "|"]
    for step, allowed in LEGAL[kind].items():
        if allowed:
            marks = " | ".join("x" if s in allowed else " " for s in states)
            lines.append(f"| {step} | {marks} | {LEADS_TO.get(step, '(stays)')} |")
    return "\n".join(lines) + "\n"
