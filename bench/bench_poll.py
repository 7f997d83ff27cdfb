"""CPU of one check of one camera: time, device information, profiles, snapshot address.

Us, onvif-zeep and onvif-zeep-async, each in its own environment, against one loopback camera that answers with captured
replies and checks WSSE. Every client keeps its objects and its connections as its library does. Rounds are
interleaved, so that a noisy machine is noisy for all; figures are medians of rounds, CPU of the client's process only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from figures import arguments, median, print_figures
from rivals.camera import PASSWORD

HERE = Path(__file__).parent
ROOT = HERE.parent
BAR = 5.0


def environment(name: str) -> Path:
    """Return the interpreter of a rival's environment, made at the first run from its lock."""
    folder = ROOT / f".venv-{name}"
    python = folder / "bin/python"
    done = folder / "complete"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        lock = ROOT / f"requirements/{name}.lock"
        subprocess.run([str(python), "-m", "pip", "-q", "install", "--require-hashes", "-r", str(lock)], check=True)
        done.touch()
    return python


@contextmanager
def process(python: Path, program: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Run one of the programs in `rivals/` until the block ends."""
    command = [str(python), str(HERE / "rivals" / program), *args]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            if running.stdin is not None:
                running.stdin.close()
            try:
                running.wait(5)
            except subprocess.TimeoutExpired:
                running.kill()


def line(running: subprocess.Popen[str]) -> str:
    """Return the next line of output."""
    assert running.stdout is not None
    found = running.stdout.readline().strip()
    if not found:
        raise SystemExit(f"{running.args!r} ended early")
    return found


def cpu_ms(running: subprocess.Popen[str], checks: int) -> float:
    """Let a client do a round; return CPU milliseconds a check."""
    assert running.stdin is not None
    running.stdin.write(f"{checks}\n")
    running.stdin.flush()
    told = json.loads(line(running))
    return float(told["cpu_s"]) / int(told["checks"]) * 1000


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    rounds, checks = (9, 60) if options.quick else (25, 150)
    ours = Path(sys.executable)
    zeep, zeep_async = environment("rival-onvif-zeep"), environment("rival-onvif-zeep-async")
    with process(ours, "camera.py") as camera:
        port = line(camera)
        with (
            process(ours, "camkeeper_client.py", port, PASSWORD) as a,
            process(zeep, "onvif_zeep_client.py", port, PASSWORD) as b,
            process(zeep_async, "onvif_zeep_async_client.py", port, PASSWORD) as c,
            process(ours, "camkeeper_client.py", port, PASSWORD, "quick") as d,
        ):
            clients = {"camkeeper": a, "onvif-zeep": b, "onvif-zeep-async": c, "camkeeper quick probe": d}
            for running in clients.values():
                assert line(running) == "ready"
            seen: dict[str, list[float]] = {name: [] for name in clients}
            for _ in range(rounds):
                for name, running in clients.items():
                    seen[name].append(cpu_ms(running, checks))
    report({name: median(values) for name, values in seen.items()}, rounds, checks)


def report(ms: dict[str, float], rounds: int, checks: int) -> None:
    """Print the table, then the figures."""
    ratio = ms["onvif-zeep"] / ms["camkeeper"]
    print(f"CPU per check of four calls, median of {rounds} rounds of {checks} / 每次四问检测的处理器时间")
    for name in ("camkeeper", "onvif-zeep-async", "onvif-zeep"):
        print(f"  {name:24} {ms[name]:7.3f} ms   {ms['onvif-zeep'] / ms[name]:5.2f}x onvif-zeep")
    quick_ms = ms["camkeeper quick probe"]
    core = 5000 / 60 * quick_ms / 10
    print(f"  {'quick probe, connect too':24} {quick_ms:7.3f} ms   {core:.1f}% of a core at 5,000 devices a minute")
    print_figures(
        "poll",
        {
            "cpu_ms_per_check": {k: round(v, 4) for k, v in ms.items() if k != "camkeeper quick probe"},
            "ratio_to_onvif_zeep": round(ratio, 2),
            "ratio_to_onvif_zeep_async": round(ms["onvif-zeep-async"] / ms["camkeeper"], 2),
            "quick_probe_cpu_ms": round(quick_ms, 4),
            "rounds": rounds,
            "checks_per_round": checks,
            "bar": BAR,
            "pass": ratio >= BAR,
        },
    )


if __name__ == "__main__":
    main()
