"""A sheet as text: rows of cells, with the rows' own numbers, and what merged cells say."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet. `rows[i][j]` is the cell of row `i + 1`, column `j`; short rows end early. Text as it stands."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    merged: tuple[tuple[int, int, int, int], ...] = field(default=())
    """Ranges (first row, first column, last row, last column), counted from 0, ends within."""

    def filled(self) -> Sheet:
        """Return the sheet with the text of each merged range in every cell of it."""
        if not self.merged:
            return self
        rows = [list(row) for row in self.rows]
        for top, left, bottom, right in self.merged:
            if top >= len(rows) or left >= len(rows[top]):
                continue
            text = rows[top][left]
            for row in rows[top : bottom + 1]:
                row.extend("" for _ in range(right + 1 - len(row)))
                row[left : right + 1] = [text] * (right + 1 - left)
        return Sheet(name=self.name, rows=tuple(tuple(row) for row in rows))
