"""The outbox: SIGKILL between sending and noting it, what a storm becomes, what a letter costs.

    python bench/bench_outbox.py              1,000 incidents, 30 kills: once letter by letter, once with digests
    python bench/bench_outbox.py --kills N    the kill experiments only, with other kills
    python bench/bench_outbox.py --quick      100 incidents, 4 kills

Bar: each letter delivered at least once, repeats on a channel at most the kills, the same id, order kept, ledger sound.
The exit code is 1 where it is missed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from camkeeper.clock import SystemClock
from camkeeper.ledger import Batch, Boot, Ledger
from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.post import LetterState, Post
from camkeeper.outbox import Bundle, Nothing, Queue, Send, Wait, answered, began, bundled, decide, posted
from camkeeper.outbox.digest import digest_of
from figures import arguments, median, print_figures

ROOT = Path(__file__).resolve().parent.parent
KILL9 = ROOT / "tests" / "monitor" / "outbox" / "kill9.py"
ACCEPTED = Receipt(outcome=Outcome.ACCEPTED, code="0")


def kills(count: int, incidents: int, *more: str) -> dict[str, object]:
    """The whole experiment in processes of its own."""
    command = [sys.executable, str(KILL9), "run", "--kills", str(count), "--incidents", str(incidents), *more]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=900, env=environment)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def letters(count: int) -> tuple[Letter, ...]:
    """One letter each of `count` incidents, as long as a phone shows."""
    text = "柳湾村文化广场北杆 等3路 (同杆全部)\n14:05起, 已35分钟; 上级交换机SW-07正常\n" * 3
    return tuple(
        Letter(
            id=f"I{n:06}/duty/1",
            incident_id=f"I{n:06}",
            seq=1,
            channel_id="duty",
            subject=f"【离线·疑似断电】柳湾村 3路 #WO-{n:04}",
            text=text,
            created_ms=0,
        )
        for n in range(count)
    )


def storm(count: int) -> dict[str, object]:
    """`count` incidents at one instant to one channel at the default pace: messages, and until when. Simulated time."""
    pace, now_ms, sent, slowest = ChannelPace(), 0, list[int](), 0.0
    queue = posted(Queue(channel_id="duty", pace=pace), [Post(letter=one) for one in letters(count)])
    while True:
        began_s = time.perf_counter()
        decision = decide(queue, now_ms)
        slowest = max(slowest, time.perf_counter() - began_s)
        match decision:
            case Send(letter=one):
                queue, _ = began(queue, one.id, now_ms)
                queue, _ = answered(queue, ACCEPTED, now_ms)
                sent.append(now_ms)
            case Bundle(letters=found):
                queue = bundled(queue, digest_of(found, pace, now_ms), found)
            case Wait(until_ms=until_ms):
                now_ms = until_ms
            case Nothing():
                break
    worst = max(sum(at <= other < at + 60_000 for other in sent) for at in sent)
    return {
        "incidents": count,
        "messages": len(sent),
        "most_in_a_minute": worst,
        "all_told_after_s": round(sent[-1] / 1000),
        "slowest_decision_ms": round(slowest * 1000, 1),
    }


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def cost(count: int) -> dict[str, object]:
    """A batch with a letter, and a mark: until fsynced, one at a time; and opening a ledger in which all wait."""
    clock, boot = SystemClock(), Boot(boot_id="bench", version="bench")
    every, appended, marked = letters(count), list[float](), list[float]()
    with tempfile.TemporaryDirectory(prefix="camkeeper-bench-") as folder:
        path = Path(folder) / "l"
        with Ledger.open(path, boot=boot, clock=clock) as ledger:
            for one in every[:500]:
                began_s = time.perf_counter()
                ledger.append(Batch(letters=(one,))).result()
                appended.append(time.perf_counter() - began_s)
                began_s = time.perf_counter()
                ledger.mark(one.id, LetterState.SENDING, None, 1).result()
                marked.append(time.perf_counter() - began_s)
            ledger.append(Batch(letters=every[500:])).result()
        began_s = time.perf_counter()
        with Ledger.open(path, boot=boot, clock=clock) as ledger:
            waiting = len(ledger.recover().posts)
            opened_s = time.perf_counter() - began_s
        size = path.stat().st_size
    return {
        "append_ms": round(median(appended) * 1000, 2),
        "append_p99_ms": round(quantile(appended, 0.99) * 1000, 2),
        "mark_ms": round(median(marked) * 1000, 2),
        "mark_p99_ms": round(quantile(marked, 0.99) * 1000, 2),
        "waiting": waiting,
        "open_with_all_waiting_s": round(opened_s, 2),
        "bytes_a_letter": size // count,
    }


def main() -> int:
    parser = arguments(__doc__ or "")
    parser.add_argument("--kills", type=int, default=0, help="only the kill experiments / 只做强杀实验")
    args = parser.parse_args()
    incidents, count = (100, 4) if args.quick else (1000, args.kills or 30)
    singly = kills(count, incidents)
    print_figures("outbox-kill9", singly)
    folded = kills(count, incidents, "--digests", "--seed", "2")
    print_figures("outbox-kill9-digests", folded)
    if not args.kills:
        for size in (30, 1000):
            print_figures("outbox-storm", storm(size))
        print_figures("outbox-cost", cost(1_000 if args.quick else 10_000))
    return 0 if singly["ok"] and folded["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
