"""The design note's tables are the code's. `python -m tests.monitor.workorder.test_design_note` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from camkeeper.model.workorder import OrderKind
from camkeeper.workorder.law import table

NOTE = Path(__file__).parents[3] / "docs/design/0016-work-orders.md"
_HEADINGS = {OrderKind.REPAIR: "### Repair", OrderKind.INSPECTION: "### Inspection"}


def _with_tables(text: str) -> str:
    for kind, heading in _HEADINGS.items():
        written = f"{heading}\n\n{table(kind)}"
        text = re.sub(rf"{heading}\n\n(?:\|.*\n|[A-Z]+_TABLE\n)*", lambda _, w=written: w, text)  # type: ignore[misc]
    return text


def test_the_note_has_the_tables_of_the_code() -> None:
    text = NOTE.read_text(encoding="utf-8")
    assert text == _with_tables(text)
    for kind in OrderKind:
        assert table(kind) in text


if __name__ == "__main__":
    NOTE.write_text(_with_tables(NOTE.read_text(encoding="utf-8")), encoding="utf-8")
