"""`deductions`: what a month's figures take off the fee. Money is written in yuan and read to whole fen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry
from camkeeper.config.fault import shown, shown_zh
from camkeeper.config.scalars import refuse
from camkeeper.model.deduction import DeductionTerms, LateRule, Step
from camkeeper.model.equipment import DeviceKind


def _fen(value: Any) -> int:
    """Yuan with up to two decimals, to fen exactly."""
    if not isinstance(value, str) or not re.match(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,2})?\Z", value, re.ASCII):
        raise refuse(
            zh=f"应为金额（元），最多两位小数，如 500 或 12.50，不是{shown_zh(value)}",
            en=f"wants an amount in yuan with at most two decimals, as 500 or 12.50, not {shown(value)}",
        )
    fen = int(Decimal(value) * 100)
    if not fen:
        raise refuse(zh="金额应大于 0", en="an amount is more than 0")
    return fen


Yuan = Annotated[int, BeforeValidator(_fen)]


class StepEntry(Entry):
    """Below this rate, so much."""

    below: s.BasisPoints
    yuan: Yuan

    @model_validator(mode="after")
    def _reachable(self) -> StepEntry:
        if self.below == 0:
            raise refuse(zh="没有低于 0 的在线率", en="no rate is below 0", key="below")
        return self


class LateEntry(Entry):
    """So much for each begun stretch past a deadline."""

    every_min: s.Count
    yuan: Yuan
    most_yuan: Yuan | None = None


class DeviceStepsEntry(Entry):
    """Steps by class of devices."""

    camera: tuple[StepEntry, ...] = ()
    ptz: tuple[StepEntry, ...] = ()
    checkpoint: tuple[StepEntry, ...] = ()
    speaker: tuple[StepEntry, ...] = ()
    transceiver: tuple[StepEntry, ...] = ()
    switch: tuple[StepEntry, ...] = ()
    recorder: tuple[StepEntry, ...] = ()


class DeductionEntry(Entry):
    """The terms of one contract."""

    id: s.Id
    version: s.Count = 1
    contractors: tuple[s.Id, ...] = ()
    total: tuple[StepEntry, ...] = ()
    village: tuple[StepEntry, ...] = ()
    device: DeviceStepsEntry | None = None
    response: LateEntry | None = None
    repair: LateEntry | None = None
    most_yuan: Yuan | None = None

    @model_validator(mode="after")
    def _falls(self) -> DeductionEntry:
        for key in ("total", "village"):
            _deeper_costs_more(getattr(self, key), key)
        for steps in (self.device or DeviceStepsEntry()).__dict__.values():
            _deeper_costs_more(steps, "device")
        return self


def _deeper_costs_more(steps: Sequence[StepEntry], key: str) -> None:
    pairs = [(step.below, step.yuan) for step in steps]
    falling = all(a[0] > b[0] and a[1] < b[1] for a, b in pairwise(pairs))
    if not falling:
        raise refuse(
            zh="档次自上而下：below 一档比一档低，yuan 一档比一档多",
            en="steps go down: each has a lower `below` and a larger `yuan` than the one before",
            key=key,
        )


def terms(e: DeductionEntry) -> DeductionTerms:
    """Return the contract's terms."""
    by_kind = {} if e.device is None else {DeviceKind(k): _steps(v) for k, v in e.device.__dict__.items() if v}
    return DeductionTerms(
        name=e.id,
        version=e.version,
        contractor_ids=frozenset(e.contractors),
        total=_steps(e.total),
        village=_steps(e.village),
        device=by_kind,
        response=_late(e.response),
        repair=_late(e.repair),
        most_fen=e.most_yuan,
    )


def _steps(entries: Sequence[StepEntry]) -> tuple[Step, ...]:
    return tuple(Step(below_bp=e.below, fen=e.yuan) for e in entries)


def _late(e: LateEntry | None) -> LateRule | None:
    return None if e is None else LateRule(every_min=e.every_min, fen=e.yuan, most_fen=e.most_yuan)
