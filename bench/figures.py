"""What every benchmark shares: `--quick`, the load of the machine, and the figures as one JSON line last."""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Sequence


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser that has `--quick`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="under 50 s / 50 秒以内")
    return parser


def median(values: Sequence[float]) -> float:
    """Return the median: the machine is shared, a mean would be its noise."""
    return statistics.median(values)


def print_figures(name: str, figures: dict[str, object]) -> None:
    """Print the figures as one JSON line, with what the machine was doing."""
    load = os.getloadavg()[0]
    print(
        json.dumps({"bench": name, "cores": os.cpu_count(), "load_1m": round(load, 2), **figures}, ensure_ascii=False)
    )
