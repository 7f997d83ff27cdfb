"""What a busy moment leaves behind goes back: measured in a process of its own, by the kernel's account."""

from __future__ import annotations

import json
import subprocess
import sys

STORY = """
import json
from camkeeper.run.heap import trimmer

def rss_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

before, kept, passing = rss_kb(), [], []
for n in range(40_000):  # as at a first climb: small things that stay lie among what is needed for a moment
    passing.append(bytearray(3_000))
    if n % 20 == 0:
        kept.append(bytearray(1_000))
full = rss_kb()
passing.clear()
holes = rss_kb()
trimmer()()
print(json.dumps({"full_kb": full - before, "holes_kb": holes - before, "left_kb": rss_kb() - before}))
"""


def test_what_was_needed_for_a_moment_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", STORY], capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, int] = json.loads(done.stdout)
    assert found["holes_kb"] > found["full_kb"] // 2, "glibc gives it back by itself now: nothing is left to do"
    assert found["left_kb"] < found["full_kb"] // 4, found


LARGE = """
import json, sys
from camkeeper.run.heap import tidy

def rss_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

if sys.argv[1] == "tidy":
    tidy()
before, kept, passing = rss_kb(), [], []
for _ in range(600):  # a snapshot of 100 KB, and a device's words that stay
    passing.append(bytearray(100_000))
    kept.append(bytearray(1_000))
full = rss_kb()
passing.clear()
print(json.dumps({"full_kb": full - before, "left_kb": rss_kb() - before}))
"""


def test_what_is_large_leaves_no_hole() -> None:
    found = {}
    for how in ("tidy", "untidy"):
        done = subprocess.run(
            [sys.executable, "-c", LARGE, how], capture_output=True, text=True, check=True, timeout=60
        )
        found[how] = json.loads(done.stdout)
    assert found["tidy"]["left_kb"] < found["tidy"]["full_kb"] // 8, found
    assert found["untidy"]["left_kb"] > found["untidy"]["full_kb"] // 2, "glibc does so by itself now"
