"""How fast lines are written, and how long a year of 150 cameras takes to catch up, into servers of Debian's packages.

python bench/bench_mirror.py [--quick] [--cameras 150] [--days 365]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from influxdb_client.client.write.point import Point
from influxdb_client.domain.write_precision import WritePrecision

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.monitor.mirror.township import DAY_MS, START_MS, begin, mirror_all, mirror_of, setting, stories
from tests.peers.influxdb import influxdb_1, victoria_metrics

from camkeeper.mirror.lines import Row
from camkeeper.mirror.series import Place, availability_fields
from camkeeper.model.mirror import Dialect
from figures import arguments, median, print_figures

PLACE = Place(device_id="v01-cam-01", site_id="v01", kind="camera")


def per_second(make: Callable[[int], object], count: int) -> int:
    """Return how many a second `make` makes: the median of five rounds."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        for n in range(count):
            make(n)
        took.append(time.perf_counter() - began)
    return round(count / median(took))


def formatting(count: int) -> dict[str, object]:
    """Compare our rows with the client's Point objects: a device's hour, five fields and four tags."""
    from camkeeper.ledger.sums import Sum

    fields = availability_fields(Sum(lived=3_600_000, up=3_500_000, down=100_000))
    start = PLACE.head("camkeeper_availability_hour", policy="time-weighted/1")

    def point(n: int) -> str:
        one: Any = Point("camkeeper_availability_hour")  # type: ignore[no-untyped-call]
        one = one.tag("device", "v01-cam-01").tag("site", "v01")
        one = one.tag("kind", "camera").tag("policy", "time-weighted/1").time(n, WritePrecision.MS)
        for name, value in fields:
            one = one.field(name, value)
        return str(one.to_line_protocol())

    return {
        "rows_per_s": per_second(lambda n: Row(start, fields, n).line(), count),
        "points_per_s": per_second(point, count // 10),
    }


def main() -> None:
    """Print the figures."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--cameras", type=int, default=150)
    parser.add_argument("--days", type=int, default=365)
    asked = parser.parse_args()
    if asked.quick:
        asked.cameras, asked.days = min(asked.cameras, 40), min(asked.days, 60)
    out: dict[str, object] = {"cameras": asked.cameras, "days": asked.days, **formatting(20_000)}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        some = stories(asked.cameras, asked.days)
        begin(folder / "ledger", some, tick_ms=START_MS + asked.days * DAY_MS).db.close()
        for make, dialect in ((influxdb_1, Dialect.V1), (victoria_metrics, Dialect.VICTORIA)):
            server = stack.enter_context(make(folder / dialect.value))
            if dialect is Dialect.V1:
                server.query("CREATE DATABASE camkeeper")
            began, used = time.perf_counter(), psutil.Process().cpu_times()
            lines = mirror_all(mirror_of(folder / "ledger", replace(setting(server.url, dialect), fine_days=90)))
            took_s, after = time.perf_counter() - began, psutil.Process().cpu_times()
            out[dialect.value] = {
                "lines": lines,
                "catch_up_s": round(took_s, 2),
                "lines_per_s": round(lines / took_s),
                "our_cpu_s": round(after.user + after.system - used.user - used.system, 2),
            }
    out["rss_mb"] = round(psutil.Process().memory_info().rss / 1e6)
    print_figures("mirror", out)


if __name__ == "__main__":
    main()
