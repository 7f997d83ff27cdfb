"""Lives of a ledger's writer, as processes: samples drawn from a seed, each step acknowledged on a pipe.

A step is one poll of all devices, judged and stored by the monitor's own rooms. Any life finds again what any other
sent, so that a record can be compared with what was sent, sample by sample.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.monitor.ledger import kill9

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is sent: so many steps of so many devices, drawn from a seed."""

    seed: int
    devices: int
    steps: int

    @property
    def plain(self) -> argparse.Namespace:
        """The same as the experiment of the ledger's own tests takes it."""
        return argparse.Namespace(seed=self.seed, devices=self.devices, steps=self.steps, kills=1)


def command(ledger: Path, story: Story, *, steps: int | None = None, pace_ms: int = 0) -> list[str]:
    """Return the command of a life that goes on until a step, the story's last one where none is named."""
    words = ["--seed", story.seed, "--devices", story.devices, "--steps", steps or story.steps, "--pace-ms", pace_ms]
    return [sys.executable, kill9.__file__, "work", str(ledger), *map(str, words)]


def environment() -> dict[str, str]:
    """Return the surroundings of a life: the checkout on its path, as the tests have it."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """How a life went: the newest step acknowledged, its exit code (None: stopped by us), what it said last."""

    newest: int
    code: int | None
    said: str


def live(words: Sequence[str], *, within_s: float = 60.0) -> Lived:
    """Run a life to its end, or for so long."""
    life = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    try:
        out, said = life.communicate(timeout=within_s)
        code: int | None = life.returncode
    except subprocess.TimeoutExpired:
        life.kill()
        out, said = life.communicate()
        code = None
    last = said.decode(errors="replace").strip().rpartition("\n")[2]
    return Lived(newest=kill9.acknowledged(out), code=code, said=last)


def wrong(ledger: Path, story: Story, newest: int) -> list[str]:
    """Return what is wrong in a record of which `newest` was acknowledged: lost, doubled or other samples."""
    return kill9.stored(ledger, story.plain, newest)
