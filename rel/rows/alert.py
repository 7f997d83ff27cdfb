"""A platform that errs, is silent or answers by half, and SIGKILL between sending and marking: each letter arrives."""

from __future__ import annotations

import argparse
from typing import Any

from tests.monitor.outbox.chat import Manner
from tests.monitor.outbox.kill9 import Experiment

from rel.row import Check, Outcome, Row, Setting, at_most, equal

ANSWERED_BADLY = (Manner.BROKEN, Manner.TOO_MANY, Manner.ERRCODE)


async def _found(setting: Setting, *, digests: bool) -> dict[str, Any]:
    folder = setting.folder / ("digests" if digests else "singly")
    folder.mkdir()
    args = argparse.Namespace(
        incidents=setting.sized(60 if digests else 100, 1000),
        kills=setting.sized(4, 30),
        seed=setting.seed + digests,
        digests=digests,
        trouble=0.2 if setting.quick else 0.1,  # so that each kind of trouble comes in a small run, too
    )
    setting.say(
        f"{args.incidents} 起事件，强杀 {args.kills} 次，{'合并' if digests else '逐条'}",
        f"{args.incidents} incidents, {args.kills} kills, {'in digests' if digests else 'letter by letter'}",
    )
    return await Experiment(args, folder).run()


def _checks(found: dict[str, Any], how: str) -> tuple[Check, ...]:
    """Never arrived, other words under the same id, out of order, a forged record: all of them are faults."""
    return (
        equal(f"{how}: letters delivered", found["delivered_at_least_once"], found["letters"]),
        at_most(f"{how}: repeats on a channel", max(found["repeats"].values()), found["kills"]),
        equal(f"{how}: faults", len(found["faults"]), 0),
    )


async def _run(setting: Setting) -> Outcome:
    singly = await _found(setting, digests=False)
    folded = await _found(setting, digests=True)
    both = (singly, folded)

    def answered(*manners: Manner) -> int:
        return sum(found["answers"].get(manner, 0) for found in both for manner in manners)

    return Outcome(
        checks=(*_checks(singly, "letter by letter"), *_checks(folded, "in digests")),
        injected={
            "SIGKILL": sum(found["kills"] for found in both),
            "SIGKILL_between_sent_and_marked": sum(found["kills_between_taken_and_answered"] for found in both),
            "error_answers": answered(*ANSWERED_BADLY),
            "timeouts": answered(Manner.HANG),
            "half_answers": answered(Manner.HALF),
        },
        figures={
            "incidents": singly["incidents"],
            "letters": singly["letters"],
            "messages_in_digests": folded["messages_taken"],
            "faults": "; ".join(fault for found in both for fault in found["faults"]),
        },
    )


ROW = Row(
    name="alert",
    does_zh="通知平台报错、超时、只答一半；在发出与记账之间 SIGKILL 发送进程。",
    does_en="The platform errs, times out, answers by half; the sender gets SIGKILL between sending and marking.",
    mark_zh="1,000 起事件每条通知至少送达一次，重复不多于强杀次数，同一编号，次序不乱",
    mark_en="1,000 incidents: each >= 1, duplicates <= kills, same idempotency id, order kept",
    run=_run,
)
