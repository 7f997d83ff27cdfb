"""I/O errors: every Nth sync, write or rename of the real process fails, by strace; the log says how many did."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from camkeeper.clock import SimulatedClock, SystemClock
from camkeeper.ledger import Boot, Ledger
from rel import record
from rel.lives import Story, command, live, wrong
from rel.row import Outcome, Row, Setting, at_least, equal
from rel.town import end, eventually, ready, started, town
from rel.tracing import settled, traced

_INJECTED = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+).*\(INJECTED\)", re.MULTILINE)
_MODEL = {"fsync": "fsync,fdatasync", "write": "pwrite64", "rename": "rename,renameat,renameat2"}
STARTED = {"fsync": 8, "write": 150, "rename": 1}
MONITORED = {"fsync": 3, "write": 40, "rename": 1}
"""Calls that are let pass first: a ledger that cannot even be made is told and ends the process, which proves less."""

DEVICES = 12
EVERY_S = 1.0
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a round found: failed calls by name, and what is wrong afterwards."""

    injected: dict[str, int]
    faults: list[str]
    acknowledged: int
    came_to_its_end: bool


def injecting(calls: str, first: int, step: int, only: tuple[Path, ...] = ()) -> list[str]:
    """Return strace's words: of these calls every `step`-th fails from the `first` on, only of these files."""
    paths = [word for path in only for word in ("-P", str(path))]
    return ["-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO:when={first}+{step}", *paths]


def counted(log: str) -> dict[str, int]:
    """Return how many calls of each name failed by injection."""
    out: dict[str, int] = {}
    for name in _INJECTED.findall(log):
        out[name] = out.get(name, 0) + 1
    return out


def writer(folder: Path, story: Story, kind: str, step: int, *, within_s: float) -> Found:
    """Let a life of the writer meet errors, then start again without any and look at what is there."""
    folder.mkdir()
    ledger, log = folder / "l", folder / "strace"
    files = tuple(Path(f"{ledger}{tail}") for tail in ("", "-wal", "-journal"))
    how = injecting(_MODEL[kind], STARTED[kind], step, files)
    lived = live(traced(log, how, command(ledger, story)), within_s=within_s)
    injected = counted(settled(log))
    with Ledger.open(ledger, boot=Boot(boot_id="after", version="rel"), clock=SimulatedClock()) as opened:
        damaged = list(opened.recover().damaged)
    faults = [*damaged, *wrong(ledger, story, lived.newest), *record.faults(ledger)]
    if lived.code not in {0, None} and "Error" not in lived.said:
        faults.append(f"ended with {lived.code}: {lived.said}")
    return Found(
        injected=injected,
        faults=[f"{kind} every {step}: {fault}" for fault in faults],
        acknowledged=lived.newest,
        came_to_its_end=lived.code == 0,
    )


def _monitor(setting: Setting, kind: str, step: int) -> tuple[dict[str, int], list[str], int]:
    """Let a whole monitor meet errors on all of its files; stored must be what it says that is stored."""
    folder = setting.folder / f"monitor-{kind}"
    log, ledger = folder / "strace", folder / "town.ledger"
    faults: list[str] = []
    with town(folder, devices=DEVICES, every_s=EVERY_S) as here:
        if kind == "rename":
            # A refused password is latched in a file, by writing a second one and renaming it.
            here.say(do="apply", fault="wrong_password", target={"device": "cam-00000"})
        # Made beforehand: an error at the first start is told, and there is no monitor to look at.
        Ledger.open(ledger, boot=Boot(boot_id="made", version="rel"), clock=SystemClock()).close()
        how = injecting(_MODEL[kind], MONITORED[kind], step)
        process = started(here.config, ledger, wrap=lambda words: traced(log, how, words))
        try:
            watching = ready(process, ledger)
            eventually(lambda: watching.stored() >= ROUNDS * DEVICES, why=f"{kind}: no progress")
            told = watching.stored()
            code = watching.stop()
        finally:
            end(process)
        injected = counted(settled(log))
        kept = record.stored(ledger)
        faults += [f"{told} acknowledged, {kept} stored"] if kept < told else []
        faults += [f"ended with {code}"] if code != 0 else []
        faults += [f"{record.doubled(ledger)} samples twice"] if record.doubled(ledger) else []
        faults += record.faults(ledger)
        said = Path(f"{ledger}.log").read_text(encoding="utf-8")
        faults += ["a Traceback in its log"] if "Traceback" in said else []
    return injected, [f"monitor, {kind} every {step}: {fault}" for fault in faults], told


def _rounds(setting: Setting) -> list[tuple[str, int]]:
    if setting.quick:
        return [("fsync", 2), ("write", 40)]
    return [(kind, step) for kind in ("fsync", "write") for step in (2, 3, 4, 5, 7, 11, 23, 50, 101)]


def _writers(setting: Setting) -> list[Found]:
    story = Story(seed=setting.seed, devices=20, steps=setting.sized(60, 300))
    found = []
    for kind, step in _rounds(setting):
        found.append(writer(setting.folder / f"{kind}-{step}", story, kind, step, within_s=setting.sized(8, 20)))
        setting.say(f"{kind} 每 {step} 次出错一次", f"every {step} of {kind}: {found[-1].injected}")
    return found


def _monitors(setting: Setting) -> list[tuple[dict[str, int], list[str], int]]:
    # A commit with its reopening is three syncs: of every third one the same would fail for ever, as on a dead disk.
    kinds = (("rename", 1),) if setting.quick else (("rename", 1), ("fsync", 4), ("write", 50))
    return [_monitor(setting, kind, step) for kind, step in kinds]


async def _run(setting: Setting) -> Outcome:
    writers, monitors = await asyncio.gather(
        asyncio.to_thread(_writers, setting), asyncio.to_thread(_monitors, setting)
    )
    injected: dict[str, int] = {}
    for one in (*(found.injected for found in writers), *(each for each, _, _ in monitors)):
        for name, count in one.items():
            injected[name] = injected.get(name, 0) + count
    injected = {"fsync": 0, "pwrite64": 0, "rename": 0} | _folded(injected)
    faults = [fault for found in writers for fault in found.faults] + [f for _, some, _ in monitors for f in some]
    idle = [found for found in writers if not sum(found.injected.values())]
    return Outcome(
        checks=(
            equal("rounds without an error", len(idle), 0),
            equal("stored is acknowledged, once and whole: faults", len(faults), 0),
            at_least("steps acknowledged through errors", sum(found.acknowledged for found in writers), 1),
            at_least("samples acknowledged by monitors through errors", sum(told for _, _, told in monitors), 1),
        ),
        injected=injected,
        figures={
            "rounds": len(writers) + len(monitors),
            "rounds_to_the_end": sum(found.came_to_its_end for found in writers),
            "faults": "; ".join(faults[:5]),
        },
    )


def _folded(counts: dict[str, int]) -> dict[str, int]:
    """Name kinds as the pass mark does: there is more than one call for each."""
    out: dict[str, int] = {}
    for name, count in counts.items():
        kind = "rename" if name.startswith("rename") else "fsync" if name == "fdatasync" else name
        out[kind] = out.get(kind, 0) + count
    return out


ROW = Row(
    name="ioerr",
    does_zh="让真实进程每第 N 次 fsync、写入、改名失败（strace 注入 EIO）。",
    does_en="Makes every Nth fsync, write and rename of real processes fail with EIO (strace).",
    mark_zh="已存的包含全部已确认的，注入次数大于 0",
    mark_en="stored is at least what was acknowledged; injected > 0",
    run=_run,
)
