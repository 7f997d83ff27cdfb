"""`camkeeper account` on a million rows, and the same figures by straightforward row-by-row Python, side by side.

The command runs as its own process, start and printing included. The plain reader does what a careful script would:
csv module, `datetime.fromisoformat`, one list a device, sort, one pass. It takes fewer rows (`--plain-rows`), and the
ratio is per row. Both must come to the same milliseconds, or the program fails.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from figures import arguments, median, print_figures

COMMAND = Path(sys.executable).with_name("camkeeper")
START = datetime(2026, 10, 1, tzinfo=timezone(timedelta(hours=8)))
HOLD_MS = 150_000
DEVICES = 144
FAILING = 0.04


def write_samples(path: Path, rows: int, *, devices: int, quoted: bool = False) -> datetime:
    """Write `rows` samples of `devices` at one a minute; returns the end of the period that they fill."""
    text = ""
    chance = random.Random(rows)
    mark = '"' if quoted else ""
    minutes = -(-rows // devices)
    with path.open("w", encoding="utf-8") as file:
        file.write("device,at,status\n")
        for n in range(rows):
            minute, device = divmod(n, devices)
            if not device:
                text = (START + timedelta(minutes=minute)).isoformat(timespec="milliseconds")
            at = f"{text[:20]}{device % 1000:03}{text[23:]}"  # each device at its own millisecond
            status = "down" if chance.random() < FAILING else "up"
            file.write(f"{mark}cam-{device:04}{mark},{mark}{at}{mark},{mark}{status}{mark}\n")
    return START + timedelta(minutes=minutes)


def ours(path: Path, end: datetime) -> tuple[float, dict[str, int]]:
    """Return seconds and total buckets of the command."""
    command = [str(COMMAND), "account", str(path), "--from", START.isoformat(), "--to", end.isoformat()]
    began = time.perf_counter()
    done = subprocess.run([*command, "--interval", "60s", "--json"], capture_output=True, check=True, timeout=120)
    took_s = time.perf_counter() - began
    total = json.loads(done.stdout)["total"]
    return took_s, {name: total[name] for name in ("up_ms", "down_ms", "unknown_ms")}


def plain(path: Path, end: datetime) -> tuple[float, dict[str, int]]:
    """Return seconds and total buckets of the row-by-row reader."""
    began = time.perf_counter()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    start_ms, end_ms = (round((at - epoch).total_seconds() * 1000) for at in (START, end))
    by_device: dict[str, list[tuple[int, str]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at_ms = (datetime.fromisoformat(row["at"]) - epoch) // timedelta(milliseconds=1)
            by_device.setdefault(row["device"], []).append((at_ms, row["status"]))
    sums = {"up": 0, "down": 0}
    for samples in by_device.values():
        samples.sort()
        for i, (at_ms, status) in enumerate(samples):
            until_ms = min(at_ms + HOLD_MS, samples[i + 1][0] if i + 1 < len(samples) else end_ms, end_ms)
            sums[status] += max(0, until_ms - max(at_ms, start_ms))
    total_ms = (end_ms - start_ms) * len(by_device)
    took_s = time.perf_counter() - began
    buckets = {"up_ms": sums["up"], "down_ms": sums["down"]}
    return took_s, buckets | {"unknown_ms": total_ms - sums["up"] - sums["down"]}


def main() -> None:
    """Measure, compare, print."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--plain-rows", type=int, default=None, help="fewer rows for the plain reader / 逐行读取的行数")
    options = parser.parse_args()
    runs = 3 if options.quick else 7
    plain_rows = options.plain_rows or (100_000 if options.quick else options.rows)
    with tempfile.TemporaryDirectory() as folder:
        big, wide, marked, small = (Path(folder) / f"{n}.csv" for n in ("big", "wide", "quoted", "small"))
        wide_end = end = write_samples(big, options.rows, devices=DEVICES)
        if not options.quick:
            wide_end = write_samples(wide, options.rows, devices=5_000)
            write_samples(marked, options.rows, devices=DEVICES, quoted=True)
        small_end = write_samples(small, plain_rows, devices=DEVICES)
        same = ours(small, small_end)[1] == plain(small, small_end)[1]
        took: dict[str, list[float]] = {"big": [], "wide": [], "quoted": [], "plain": []}
        for _ in range(runs):  # in turns, so that the machine's other work falls on all alike
            took["big"].append(ours(big, end)[0])
            took["plain"].append(plain(small, small_end)[0])
            if not options.quick:
                took["wide"].append(ours(wide, wide_end)[0])
                took["quoted"].append(ours(marked, end)[0])
    seconds = {name: median(values) for name, values in took.items() if values}
    further = {name: round(seconds[name], 3) for name in ("wide", "quoted") if name in seconds}
    ours_row_us = seconds["big"] / options.rows * 1e6
    plain_row_us = seconds["plain"] / plain_rows * 1e6
    print_figures(
        "account",
        {
            "rows": options.rows,
            "runs": runs,
            "seconds": round(seconds["big"], 3),
            "seconds_worst": round(max(took["big"]), 3),
            "rows_per_s": round(options.rows / seconds["big"]),
            "seconds_5000_devices": further.get("wide"),
            "seconds_all_fields_quoted": further.get("quoted"),
            "plain_rows": plain_rows,
            "plain_seconds": round(seconds["plain"], 3),
            "us_per_row": round(ours_row_us, 3),
            "plain_us_per_row": round(plain_row_us, 3),
            "times_faster_per_row": round(plain_row_us / ours_row_us, 2),
            "same_figures": same,
            "under_5_s": seconds["big"] < 5,
        },
    )
    if not same:
        sys.exit(1)


if __name__ == "__main__":
    main()
