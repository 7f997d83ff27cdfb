"""Line protocol: one row, one line. Pure.

Written by hand because the client's Point objects are the slower way by a factor (`bench/bench_mirror.py`).
Syntax: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

Value = int | float | str
Fields = tuple[tuple[str, Value], ...]

_KEY = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
_MEASUREMENT = str.maketrans({",": "\\,", " ": "\\ "})
_STRING = str.maketrans({"\\": "\\\\", '"': '\\"'})
# A backslash has no escape of its own in a key or a tag, and before a comma, or at the end, it would eat what follows;
# a line break ends the line whatever stands before it. Both become "_".
_UNSAYABLE = str.maketrans({"\\": "_"} | {chr(c): "_" for c in (*range(32), 127, 0x85, 0x2028, 0x2029)})


class Row(NamedTuple):
    """One point: the head has measurement and tags, as they stand in the line."""

    head: str
    fields: Fields
    at_ms: int

    def line(self) -> str:
        """Return the line, without a line break."""
        return f"{self.head} {','.join(f'{name}={literal(value)}' for name, value in self.fields)} {self.at_ms}"


def head(measurement: str, tags: Mapping[str, str]) -> str:
    """Return measurement and tags, escaped, tags sorted as servers like them; an empty tag is left out."""
    out = [escaped(measurement, _MEASUREMENT)]
    out += [f"{escaped(key, _KEY)}={escaped(tags[key], _KEY)}" for key in sorted(tags) if tags[key]]
    return ",".join(out)


def escaped(text: str, table: Mapping[int, str] = _KEY) -> str:
    """Return a key, tag or measurement as it stands in a line."""
    return text.translate(_UNSAYABLE).translate(table)


def literal(value: Value) -> str:
    """Return a field's value; ValueError for a number that is none: servers refuse NaN and infinities."""
    if isinstance(value, str):
        return f'"{value.translate(_STRING)}"'
    if isinstance(value, int):
        return f"{value}i"
    if not math.isfinite(value):
        raise ValueError(f"no number: {value}")
    return repr(value)


def newest_of_each(rows: Iterable[Row]) -> list[Row]:
    """Return the rows less those that a later one of the same series and instant replaces.

    Which of two in one request wins is nowhere promised.
    """
    return list({(row.head, row.at_ms): row for row in rows}.values())


def batched(rows: Iterable[Row], *, most_lines: int, most_bytes: int) -> Iterator[list[bytes]]:
    """Yield lines in batches of at most so many lines and, but for a single longer line, so many bytes."""
    batch: list[bytes] = []
    size = 0
    for row in rows:
        line = row.line().encode()
        if batch and (len(batch) >= most_lines or size + len(line) + 1 > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line) + 1
    if batch:
        yield batch
