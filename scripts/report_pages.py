"""Prints the demo's October as both languages have it and keeps the pages for docs/report.md: `docs/images/report/`.

`python scripts/report_pages.py`: the month of 144 cameras that the tests have, closed, with an invented contract's
terms. The same figures every time; the ledger is new, and so are its hash and the bytes of the pictures. `--draft`
prints the month before it was closed, `--out FOLDER` elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.monitor.report.demo_month import MONTH, TICK_MS, demo_registry, write_month  # noqa: E402

from camkeeper.report.paper import pages  # noqa: E402
from camkeeper.report.values import Book  # noqa: E402
from camkeeper.report.words import Lang  # noqa: E402
from camkeeper.run.coverage.offline import coverage_of  # noqa: E402
from camkeeper.run.monthbook import Wanted, read_book  # noqa: E402
from camkeeper.run.monthstory import cover_lines  # noqa: E402

FOLDER = ROOT / "docs" / "images" / "report"
DPI = 96
QUALITY = 55
"""Of WebP: small print stays readable, a page is 40 to 90 KB."""


def book(folder: Path, *, close: bool) -> Book:
    """Write the demo's month into `folder` and read it as the command does, with its coverage."""
    registry, ledger = demo_registry(), folder / "demo.ledger"
    write_month(ledger, registry, close=close)
    found = coverage_of(ledger, registry, wall_ms=TICK_MS, silent_ms=60_000, month=MONTH)
    hours = {s.site_id: s.month for s in found.standing.sites if not s.night}
    lines = cover_lines(found.standing.sites, hours, set(registry.site_by_id))
    return read_book(ledger, Wanted(month=MONTH), now_ms=TICK_MS, registry=registry, coverage=lines)


def keep(made: Book, folder: Path) -> None:
    """Replace the pages in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for lang in Lang:
        for old in folder.glob(f"month-{lang}-*"):
            old.unlink()
        for number, page in enumerate(pages(made, lang, dpi=DPI), 1):
            picture = cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_COLOR)
            if picture is None:
                raise ValueError(f"page {number} is no picture")
            _, packed = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
            path = folder / f"month-{lang}-{number}.webp"
            path.write_bytes(packed.tobytes())
            print(f"{path}  {len(packed) / 1024:.0f} KB")


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draft", action="store_true")
    parser.add_argument("--out", type=Path, default=FOLDER)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    with TemporaryDirectory() as folder:
        keep(book(Path(folder), close=not asked.draft), asked.out)


if __name__ == "__main__":
    main()
