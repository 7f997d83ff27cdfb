"""Reading a county's register: 5,000 devices, all checks, and the same file with 10,000 faults.

Beside it, on the same text: PyYAML's own fastest way to values with lines (`compose` with the C loader) and to values
without lines (`safe_load` with the C loader). Both only parse; the reader also checks.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import yaml

from camkeeper.config import ConfigError, read
from figures import arguments, median, print_figures

DEVICES = 5000
SITES = 250
HEAD = """\
name: 县
datum: wgs84
defaults: {site: {target: 95, timezone: Asia/Shanghai}, camera: {credential: main, lens: {hfov_deg: 84}}}
credentials: [{id: main, user: monitor, secret: "env:PASSWORD"}]
uplinks: [{id: up, name: 上行, beacons: ["10.255.0.1:80"]}]
"""


def register() -> str:
    """Return a county: a village each 2 km with its boundary, twenty cameras in each."""
    lines = [HEAD + "sites:"]
    for v in range(SITES):
        x, y = 113 + v % 16 * 0.02, 33 + v // 16 * 0.02
        ring = [[x, y], [x + 0.02, y], [x + 0.02, y + 0.02], [x, y + 0.02]]
        text = ", ".join(f"[{lon:.6f}, {lat:.6f}]" for lon, lat in ring)
        lines.append(f"- {{id: v{v}, name: 村{v}, kind: village, boundary: [{text}]}}")
    lines += ["links:", *(f"- {{id: p{v}, name: 杆{v}, kind: pole}}" for v in range(SITES)), "devices:"]
    for n in range(DEVICES):
        v = n % SITES
        lines.append(
            f"- {{id: cam-{n:05d}, name: 文化广场北杆{n}, kind: camera, site: v{v}, link: p{v}, "
            f"address: {{host: 10.{n // SITES}.{v}.1}}, mount: {{lon_deg: {113.01 + v % 16 * 0.02:.6f}, "
            f"lat_deg: {33.01 + v // 16 * 0.02:.6f}, height_m: 5.0, azimuth_deg: {n % 360}}}, "
            f'gb_id: "41112211001320{n:06d}", maker: 厂家, model: IPC}}'
        )
    return "\n".join(lines) + "\n"


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of `work`."""
    took = []
    for _ in range(rounds):
        began = perf_counter()
        work()
        took.append(perf_counter() - began)
    return median(took)


def refused(data: bytes) -> int:
    """Return how many faults the reader tells."""
    try:
        read(data, "bad.yaml")
    except ConfigError as error:
        return len(error.faults)
    return 0


def main() -> None:
    """Measure and print."""
    rounds = 3 if arguments(__doc__ or "").parse_args().quick else 9
    text = register()
    data = text.encode()
    bad = text.replace("site: v", "site: w").replace("height_m", "heigth_m").encode()
    ours = seconds(lambda: read(data, "good.yaml"), rounds)
    composed = seconds(lambda: yaml.compose(text, Loader=yaml.CSafeLoader), rounds)
    loaded = seconds(lambda: yaml.load(text, Loader=yaml.CSafeLoader), rounds)
    print(f"{DEVICES} devices, {len(data) / 1e6:.1f} MB")
    print(f"read and checked          {ours:.2f} s")
    print(f"yaml.compose, C loader    {composed:.2f} s (parses only)")
    print(f"yaml.load, C loader       {loaded:.2f} s (parses only, no lines)")
    faulty = seconds(lambda: refused(bad), rounds)
    print(f"{refused(bad)} faults told        {faulty:.2f} s")
    print_figures(
        "config",
        {
            "devices": DEVICES,
            "read_s": round(ours, 3),
            "compose_s": round(composed, 3),
            "load_s": round(loaded, 3),
            "read_over_compose": round(ours / composed, 2),
            "faults": refused(bad),
            "faulty_read_s": round(faulty, 3),
        },
    )


if __name__ == "__main__":
    main()
