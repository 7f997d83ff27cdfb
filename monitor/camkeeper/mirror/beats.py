"""Days of heartbeats read back: latency, the device's clock, how sharp its picture was. Best effort.

InfluxDB sums up by itself. VictoriaMetrics hands out the points and they are summed up here, by the same rule: the
percentile is a value that was measured, the nearest by rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from camkeeper.availability.days import days_of, local_date
from camkeeper.mirror.read import asked, quoted, rows_of
from camkeeper.mirror.series import HEARTBEAT
from camkeeper.mirror.server import Server
from camkeeper.model.mirror import BeatDay, Dialect, InfluxSetting
from camkeeper.model.span import Span

LOWEST = ("reach_ms", "ping_ms")
"""The lowest rung: which of them a device has depends on its kind."""
_OTHERS = ("took_ms", "clock_offset_s", "picture_sharpness")


@dataclass(slots=True)
class _Points:
    found: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def values(self, name: str) -> list[float]:
        return [value for _, value in self.found.get(name, [])]


def beat_days(
    server: Server,
    setting: InfluxSetting,
    device_id: str,
    period: Span,
    tz: str,
    *,
    on: Callable[[], bool] = lambda: True,
) -> Iterator[BeatDay]:
    """Yield the local days of the period on which the device was probed, oldest first, while `on` says so.

    AwayError and RefusedError as `read.rows_of`.
    """
    if setting.dialect in {Dialect.V1, Dialect.V2}:
        yield from _summed(server, setting, device_id, period, tz)
        return
    for day, span in days_of(period, tz):
        if not on():
            return
        if setting.dialect is Dialect.V3:
            yield from _summed(server, setting, device_id, span, tz)
        else:
            yield from _exported(server, setting, device_id, day, span)


def _summed(server: Server, setting: InfluxSetting, device_id: str, period: Span, tz: str) -> Iterator[BeatDay]:
    wanted = [f'percentile("{name}", {p}) AS "{name}_{p}"' for name in LOWEST for p in (50, 95)]
    wanted += ['count("took_ms") AS "probes"', 'last("clock_offset_s") AS "offset"']
    wanted.append('percentile("picture_sharpness", 50) AS "sharpness"')
    where = f'"device" = {quoted(device_id)} AND time >= {period.start_ms}ms AND time < {period.end_ms}ms'
    # Half-hours of the zone's offset are in the clause, and so are its summer times.
    text = (
        f'SELECT {", ".join(wanted)} FROM "{HEARTBEAT}" WHERE {where}'  # noqa: S608 - quoted
        f" GROUP BY time(1d) fill(none) tz({quoted(tz)})"
    )
    for series in asked(server, setting.fine_bucket, text):
        for values in series["values"]:
            row = dict(zip(series["columns"], values, strict=True))
            low = next((name for name in LOWEST if row[f"{name}_50"] is not None), LOWEST[0])
            yield BeatDay(
                day=local_date(int(row["time"]), tz),
                probes=int(row["probes"] or 0),
                p50_ms=row[f"{low}_50"],
                p95_ms=row[f"{low}_95"],
                clock_offset_s=row["offset"],
                sharpness=row["sharpness"],
            )


def _exported(server: Server, setting: InfluxSetting, device_id: str, day: date, span: Span) -> Iterator[BeatDay]:
    points = _Points()
    for _, row in rows_of(server, setting, HEARTBEAT, span, {"device": device_id}):
        for name, value in row.fields:
            if name in LOWEST or name in _OTHERS:
                points.found.setdefault(name, []).append((row.at_ms, float(value)))
    if not points.found:
        return
    low = next((points.values(name) for name in LOWEST if name in points.found), [])
    offsets = points.found.get("clock_offset_s", [])
    yield BeatDay(
        day=day,
        probes=len(points.values("took_ms")),
        p50_ms=percentile(low, 50),
        p95_ms=percentile(low, 95),
        clock_offset_s=max(offsets)[1] if offsets else None,
        sharpness=percentile(points.values("picture_sharpness"), 50),
    )


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return the value of the nearest rank, as InfluxDB has it: rank floor(n p / 100 + 1/2), counted from one.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 50), percentile([7.0], 95), percentile([], 50)
    (2.0, 7.0, None)
    """
    rank = (2 * len(values) * percent + 100) // 200
    return sorted(values)[rank - 1] if 1 <= rank <= len(values) else None
