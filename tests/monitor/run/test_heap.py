"""What a busy hour leaves behind in a process: measured in processes of their own, by the kernel's account."""

from __future__ import annotations

import json
import subprocess
import sys

STORY = """
import json, sys, threading
from camkeeper.run.heap import keep_small
said = keep_small() if sys.argv[1] == "kept" else None

def rss_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

def busy(kept):
    # As asyncio reads: a large block, cut to what came; every tenth answer leaves something that stays.
    open_ = []
    for n in range(2_000):
        block = bytearray(262_144)
        block[:900] = b"x" * 900
        del block[900:]
        open_.append(block)
        if n % 10 == 0:
            kept.append(bytes(3_768))
        if len(open_) > 200:
            del open_[0]

before, kept = rss_kb(), []
# The very first blocks freed are what raises glibc's threshold.
for _ in range(3):
    first = bytearray(400_000); del first
threads = [threading.Thread(target=busy, args=(kept,)) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps({"said": said, "left_kb": rss_kb() - before, "kept_kb": sum(map(len, kept)) // 1024}))
"""


def told(how: str) -> dict[str, int]:
    done = subprocess.run([sys.executable, "-c", STORY, how], capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_what_was_needed_for_a_moment_goes_back() -> None:
    kept = told("kept")
    assert kept["said"] is True
    # What stays by right are 3 MB; the heap's own bookkeeping and two arenas come on top.
    assert kept["left_kb"] < kept["kept_kb"] + 12_000, kept
