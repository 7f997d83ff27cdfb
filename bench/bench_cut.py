"""An uplink that is cut for seven days, between two network namespaces: how long until a county has the week.

    python bench/bench_cut.py            a bad week: 5,000 changes of 150 cameras, five times the usual
    python bench/bench_cut.py --quick    a usual one: 1,036 changes

Hub, edge and both nats-servers are real and in processes of their own; only the week passes in seconds. Each change is
a message of its own in the edge's stream, fsynced, as it is where seconds lie between two changes. The cable is down
meanwhile (`ip link set down`), and the clock of the figures starts when it is up again. Wants root.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.monitor.hub.week_process import USUAL
from tests.peers.county import County, end_of, wait_for
from tests.peers.netns import HERE, cable

from camkeeper.ledger.verify import verify
from figures import arguments, print_figures

BAD = 5_000


def measure(folder: Path, changes: int) -> dict[str, object]:
    """Live through a week behind a cut cable, and put it together again."""
    with cable() as it:
        county = County(
            folder,
            host=HERE,
            listen="0.0.0.0",  # noqa: S104 - of a network namespace without a way out
            hub_enter=("nsenter", "-t", str(it.near), "-n"),
            edge_enter=("nsenter", "-t", str(it.far), "-n"),
        )
        ledger, copy = county.ledger("e1"), county.copy("e1")
        try:
            county.init("e1")
            county.start_hub()
            county.start_week("e1", changes)
            wait_for(county, "its beginning", lambda: end_of(copy) is not None and end_of(copy) == end_of(ledger))
            it.run(it.far, "ip", "link", "set", "v0", "down")
            time.sleep(1)
            (county.edge_folder("e1") / "week").touch()
            began_s, before = time.perf_counter(), end_of(copy)
            wait_for(county, "a week", (county.edge_folder("e1") / "done").exists, 600)
            lived_s, kept = time.perf_counter() - began_s, end_of(ledger)
            waiting = [f.stat().st_size for f in (county.edge_folder("e1") / "jetstream").rglob("*.blk")]
            it.run(it.far, "ip", "link", "set", "v0", "up")
            began_s = time.perf_counter()
            wait_for(county, "the first", lambda: end_of(copy)[0] > before[0], 120)
            first_s = time.perf_counter() - began_s
            wait_for(county, "all", lambda: end_of(copy) == kept, 600)
            return {
                "messages": changes + 7 * 24,
                "records": kept[0].seq - before[0].seq,
                "stream_mb": round(sum(waiting) / 1e6, 2),
                "kept_a_second": round((changes + 7 * 24) / lived_s),
                "to_the_first_s": round(first_s, 1),
                "to_all_s": round(time.perf_counter() - began_s, 1),
                "verified": verify(copy).ok,
            }
        finally:
            county.stop()


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "").parse_args()
    if os.geteuid() != 0:
        print("跳过：需要 root（网络命名空间） / skipped: network namespaces want root", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name:
        print_figures("cut", measure(Path(name), USUAL if options.quick else BAD))


if __name__ == "__main__":
    main()
