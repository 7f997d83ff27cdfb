"""`docs/api.md`'s table of addresses, written from the declarations. `python -m camboard.openapi.markdown FILE`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from camboard.i18n import Language, languages
from camboard.openapi.view import Address, Chapter, FieldRow, chapters
from camboard.route import Route
from camboard.routes import ROUTES

BEGIN = "<!-- Written by `make api`: what stands between these two lines is made from the route table. -->"
END = "<!-- End of what is made. -->"


def section(routes: Iterable[Route], say: Language) -> str:
    """Return the tables: a chapter each, a line for every address."""
    return "\n".join(line for chapter in chapters(routes, say) for line in _chapter(chapter))


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"### {chapter.word}"
    yield ""
    yield "| address | gives | who may | parameters, body | errors |"
    yield "|---|---|---|---|---|"
    for address in chapter.addresses:
        errors = ", ".join(str(status) for status, _ in address.errors)
        cells = (_name(address), _gives(address), address.who, _taken(address), errors)
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
    yield ""


def _name(address: Address) -> str:
    return f"{'POST ' if address.method == 'POST' else ''}`{address.path}`"


def _gives(address: Address) -> str:
    note = f". {address.note.rstrip('.')}" if address.note else ""
    return f"{address.summary}{note}"


def _taken(address: Address) -> str:
    asked = [_field(row, must_matters=False) for row in address.parameters if f"{{{row.name}}}" not in address.path]
    sent = [_field(row, must_matters=True) for row in address.body]
    return "; ".join(part for part in (", ".join(asked), ", ".join(sent)) if part)


def _field(row: FieldRow, *, must_matters: bool) -> str:
    values = f" ({', '.join(f'`{value}`' for value in row.values)})" if 0 < len(row.values) <= 8 else ""
    return f"{'**' if must_matters and row.must else ''}`{row.name}`{'**' if must_matters and row.must else ''}{values}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def written(text: str, made: str) -> str:
    """Return a document with the part between the two lines made anew; ValueError where it has no such lines."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the two lines are missing")
    return f"{before}{BEGIN}\n\n{made}\n{END}{after}"


def main() -> None:
    """Write the file anew."""
    path = Path(sys.argv[1])
    text = path.read_text(encoding="utf-8")
    path.write_text(written(text, section(ROUTES, languages()["en"])), encoding="utf-8")


if __name__ == "__main__":
    main()
