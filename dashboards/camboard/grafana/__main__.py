"""`python -m camboard.grafana`: write the dashboards beside this module."""

from __future__ import annotations

import json
from pathlib import Path

from camboard.grafana.boards import all_dashboards

FOLDER = Path(__file__).parent / "dashboards"


def files() -> dict[Path, str]:
    """Return every file with what belongs into it."""
    return {
        FOLDER / f"{name}.json": json.dumps(board, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        for name, board in all_dashboards().items()
    }


def write() -> None:
    """Write every file."""
    FOLDER.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    write()
