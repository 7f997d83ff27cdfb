"""Reading back: InfluxQL on `GET /query`, spoken by 1.x, 2.x (bucket mapped to a database) and 3.

VictoriaMetrics by its export, because its `/query` is a stand-in that answers nothing.

Figures from here carry their source. What is paid for always comes from the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from camkeeper.availability.buckets import Buckets
from camkeeper.mirror.lines import Row, head
from camkeeper.mirror.series import AVAILABILITY_FIELDS, DEVICE_DAY, FINE, SITE_DAY
from camkeeper.mirror.server import RefusedError, Server
from camkeeper.model.mirror import Dialect, InfluxSetting
from camkeeper.model.span import Span

DAY_MS = 86_400_000
V3_PIECE_MS = 2 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigure:
    """One local day of a device or a site, as the mirror has it. `buckets.absent_ms` is not kept there and is zero."""

    start_ms: int
    buckets: Buckets
    policy: str
    source: Literal["influx"] = "influx"


def device_days(server: Server, setting: InfluxSetting, device_id: str, period: Span) -> tuple[DayFigure, ...]:
    """Return a device's finished local days that begin within the period, oldest first. Errors as `rows_of`."""
    return _figures(rows_of(server, setting, DEVICE_DAY, period, {"device": device_id}))


def site_days(server: Server, setting: InfluxSetting, site_id: str, period: Span) -> tuple[DayFigure, ...]:
    """Return a site's finished local days, its cameras and those of all below added up; as `device_days`."""
    return _figures(rows_of(server, setting, SITE_DAY, period, {"site": site_id}))


def _figures(rows: Iterator[tuple[Mapping[str, str], Row]]) -> tuple[DayFigure, ...]:
    found: dict[tuple[int, str], dict[str, int]] = {}
    for tags, row in rows:
        fields = found.setdefault((row.at_ms, tags.get("policy", "")), dict.fromkeys(AVAILABILITY_FIELDS, 0))
        fields.update({name: int(value) for name, value in row.fields if name in fields})
    return tuple(
        DayFigure(start_ms=at_ms, policy=policy, buckets=Buckets(**fields))
        for (at_ms, policy), fields in sorted(found.items())
    )


def rows_of(
    server: Server, setting: InfluxSetting, measurement: str, period: Span, tags: Mapping[str, str] | None = None
) -> Iterator[tuple[Mapping[str, str], Row]]:
    """Yield the tags and rows of one measurement within the period, series by series; a field may come alone.

    AwayError where the server is away, RefusedError where it does not understand.
    """
    if setting.dialect is Dialect.VICTORIA:
        yield from _exported(server, measurement, period, tags or {})
        return
    for piece in pieces(period, V3_PIECE_MS if setting.dialect is Dialect.V3 else period.length_ms):
        yield from _queried(server, setting, measurement, piece, tags or {})


def pieces(period: Span, length_ms: int) -> Iterator[Span]:
    """Yield the period in order, in pieces of at most this length."""
    at_ms = period.start_ms
    while at_ms < period.end_ms:
        end_ms = min(period.end_ms, at_ms + max(1, length_ms))
        yield Span(start_ms=at_ms, end_ms=end_ms)
        at_ms = end_ms


def _queried(
    server: Server, setting: InfluxSetting, measurement: str, period: Span, tags: Mapping[str, str]
) -> Iterator[tuple[Mapping[str, str], Row]]:
    where = [f"time >= {period.start_ms}ms", f"time < {period.end_ms}ms"]
    where += [f"{_identifier(key)} = {quoted(value)}" for key, value in tags.items()]
    text = f"SELECT * FROM {_identifier(measurement)} WHERE {' AND '.join(where)} GROUP BY *"  # noqa: S608 - quoted
    for one in asked(server, setting.fine_bucket if measurement in FINE else setting.bucket, text):
        yield from _series(measurement, one)


def asked(server: Server, bucket: str, text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the series of an answer to InfluxQL, in chunks: `columns`, `values`, `tags`. Errors as `rows_of`."""
    database, _, policy = bucket.partition("/")
    query = {"db": database, "q": text, "epoch": "ms", "chunked": "true", "chunk_size": "5000"}
    for line in server.get("/query", query | ({"rp": policy} if policy else {})):
        yield from _results(line)


def _results(line: bytes) -> Iterator[Mapping[str, Any]]:
    if not line.strip():
        return
    answer = _object(line)
    for result in (answer, *answer.get("results", ())):
        if result.get("error"):
            raise RefusedError(str(result["error"])[:500])
        yield from result.get("series", ())


def _series(measurement: str, one: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, str], Row]]:
    tags = {key: str(value) for key, value in (one.get("tags") or {}).items() if value}
    start, columns = head(measurement, tags), one["columns"]
    at = columns.index("time")
    for values in one["values"]:
        fields = tuple(
            (name, value) for name, value in zip(columns, values, strict=True) if name != "time" and value is not None
        )
        yield tags, Row(start, fields, int(values[at]))


def _exported(
    server: Server, measurement: str, period: Span, tags: Mapping[str, str]
) -> Iterator[tuple[Mapping[str, str], Row]]:
    named = "".join(f",{key}={json.dumps(value)}" for key, value in tags.items())
    # A measurement's name may be the beginning of another's: the field decides, and ours have no "_" before them twice.
    query = {
        "match[]": f'{{__name__=~"{measurement}_.*"{named}}}',
        "start": f"{period.start_ms / 1000:.3f}",
        "end": f"{(period.end_ms - 1) / 1000:.3f}",
    }
    for line in server.get("/api/v1/export", query):
        if not line.strip():
            continue
        answer = _object(line)
        labels = {key: str(value) for key, value in answer["metric"].items() if key not in {"__name__", "db"}}
        name = str(answer["metric"]["__name__"]).removeprefix(f"{measurement}_")
        start = head(measurement, labels)
        for value, at_ms in zip(answer["values"], answer["timestamps"], strict=True):
            yield labels, Row(start, ((name, value),), int(at_ms))


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RefusedError(f"no answer of a database: {line[:200].decode('utf-8', 'replace')}")
    return value


def _identifier(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quoted(text: str) -> str:
    """Return a value as InfluxQL has it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
