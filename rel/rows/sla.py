"""The figure that decides payment: thirteen laws, the golden months, three engines bit for bit."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

from rel.laws import ASKS_A_LEDGER, LAWS, golden, put
from rel.row import Outcome, Row, Setting, at_least, equal


def _put(asked: tuple[str, int, int, int]) -> tuple[str, int, str, float]:
    law, examples, seed, less = asked
    began = time.process_time()
    found = put(law, examples, seed, less=less)
    return law, found.examples, found.broken, time.process_time() - began


def _sla(setting: Setting) -> Outcome:
    # Laws that ask a ledger take a hundred times as long as those of the pure engine: they go first.
    slow = ("oracle, interval engine and SQL agree", "a closed month stands until amended")
    laws = (*slow, *(law for law in LAWS if law not in slow))
    examples, less = setting.sized(30 * ASKS_A_LEDGER, 10_000), setting.sized(ASKS_A_LEDGER, 1)
    fewest, broken, cpu_s = examples, [], 0.0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for law, ran, wrong, took_s in pool.map(_put, [(law, examples, setting.seed, less) for law in laws]):
            setting.say(f"{ran} 例，{took_s:.0f} 秒", f"{law}: {ran} examples, {took_s:.0f} s of a core")
            fewest, cpu_s = min(fewest, ran), cpu_s + took_s
            broken += [f"{law}: {wrong}"] if wrong else []
    months, differ = golden()
    return Outcome(
        checks=(
            equal("laws", len(laws), 13),
            equal("laws broken", len(broken), 0),
            at_least("examples that each property was put to", fewest, examples),
            at_least("golden months", months, 15),
            equal("golden months that differ", len(differ), 0),
        ),
        injected={"examples_put": fewest * sum(len(LAWS[law]) for law in laws)},
        figures={
            "properties": sum(len(LAWS[law]) for law in laws),
            "golden_months": months,
            "cpu_s": round(cpu_s, 1),
            "broken": "; ".join(broken + differ)[:400],
        },
    )


async def _run(setting: Setting) -> Outcome:
    return await asyncio.to_thread(_sla, setting)


ROW = Row(
    name="sla",
    does_zh="用随机历史检验可用率的十三条定律；手算的月份；逐毫秒、区间、SQL 三套算法互相对照。",
    does_en="Puts thirteen laws of availability to drawn histories; months reckoned by hand; three engines compared.",
    mark_zh="十三条定律各 10,000 例，手算月份一致，三套算法逐位相同",
    mark_en="13 laws x 10,000 examples; golden months; three engines agree",
    run=_run,
)
