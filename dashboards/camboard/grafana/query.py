"""The questions that the dashboards ask, as InfluxQL. Pure.

`$timeFilter`, `$__interval` and the variables are Grafana's. A rate is a quotient of sums of milliseconds, cut like
every percent of the product (94.996 is 94.99), and there is none where nothing was measured: InfluxDB divides by zero
and says 0, so what has no known time is left out before the division.
"""

# ruff: noqa: S608 - put together from our own names; what Grafana puts in is chosen by who may query anyway

from __future__ import annotations

from collections.abc import Sequence

from camkeeper.mirror.series import COVERAGE, HEARTBEAT, MONITOR, STATUS

UP, DOWN, UNKNOWN, DEGRADED = "up_ms", "down_ms", "unknown_ms", "degraded_ms"
BUCKETS = (
    ("up", f'sum("{UP}") - sum("{DEGRADED}")'),
    ("degraded", f'sum("{DEGRADED}")'),
    ("down", f'sum("{DOWN}")'),
    ("unknown", f'sum("{UNKNOWN}")'),
    ("maintenance", 'sum("excluded_ms")'),
)
"""Of the time in service: the five add up to it."""
SHARES = {
    "rate": ('"u"', '"u" + "d"'),
    "good": ('"u" - "g"', '"u" + "d"'),
    "lower": ('"u"', '"u" + "d" + "n"'),
    "upper": ('"u" + "n"', '"u" + "d" + "n"'),
    "known": ('"u" + "d"', '"u" + "d" + "n"'),
}
"""What may be said of buckets: part and whole, as `availability.buckets` has them."""
_SUMS = f'sum("{UP}") AS "u", sum("{DOWN}") AS "d", sum("{UNKNOWN}") AS "n", sum("{DEGRADED}") AS "g"'
EVERY = "GROUP BY time($__interval)"
ZONE = "tz('$tz')"
"""Wherever intervals are made, inside too: InfluxDB hands it on to no inner question."""
FINE = '"$fine".'
"""Where hours, heartbeats and the monitor's own state lie: the retention policy, `autogen` unless it has a name."""


def share(name: str, measurement: str, where: str, *, by: str = "") -> str:
    """Return the question for one share over the whole time that is looked at; `by`: of each value of a tag."""
    group = f' GROUP BY "{by}"' if by else ""
    return (
        _divided(name, f"SELECT {_SUMS} FROM {measured(measurement)} WHERE {_and(where, '$timeFilter')}{group}") + group
    )


def ranked(measurement: str, where: str, names: Sequence[str], *, by: str) -> str:
    """Return the question for a table: shares of each value of a tag, all of the same whole."""
    group = f'GROUP BY "{by}"'
    inner = f"SELECT {_SUMS} FROM {measured(measurement)} WHERE {_and(where, '$timeFilter')} {group}"
    (whole,) = {SHARES[name][1] for name in names}
    wanted = ", ".join(f'{_cut(*SHARES[name])} AS "{name}"' for name in names)
    return f"SELECT {wanted} FROM ({inner}) WHERE {whole} > 0 {group}"


def share_over_time(name: str, measurement: str, where: str) -> str:
    """Return the question for one share of each interval; an interval without known time is null, and so a gap."""
    inner = f"SELECT {_SUMS} FROM {measured(measurement)} WHERE {_and(where, '$timeFilter')} {EVERY} {ZONE}"
    return f'SELECT max("share") FROM ({_divided(name, inner)}) WHERE $timeFilter {EVERY} fill(null) {ZONE}'


def buckets_over_time(measurement: str, where: str, words: Sequence[str]) -> str:
    """Return the question for the five buckets of each interval in milliseconds, named by these words in order."""
    wanted = ", ".join(f'{text} AS "{word}"' for (_, text), word in zip(BUCKETS, words, strict=True))
    filtered = _and(where, "$timeFilter")
    return f"SELECT {wanted} FROM {measured(measurement)} WHERE {filtered} {EVERY} fill(null) {ZONE}"


def unknown(measurement: str, where: str) -> str:
    """Return the question for the milliseconds of which nothing is known."""
    return f'SELECT sum("{UNKNOWN}") FROM {measured(measurement)} WHERE {_and(where, "$timeFilter")}'


def statuses(where: str) -> str:
    """Return the question for the statuses of devices.

    Up to the end of what is looked at, but from the beginning of all: a status stands until the next change, and the
    one at the left edge may be months old.
    """
    return f'SELECT "status" FROM "{STATUS}" WHERE {where} AND time <= ${{__to}}ms GROUP BY "device"'


def in_status(code: int, where: str) -> str:
    """Return the question for how many devices have a status at the end of what is looked at."""
    newest = _and(where, "time <= ${__to}ms")
    inner = f'SELECT last("status") AS "s" FROM "{STATUS}" WHERE {newest} GROUP BY "device"'
    return f'SELECT count("s") FROM ({inner}) WHERE "s" = {code}'


def changes(where: str) -> str:
    """Return the question for a table of changes, newest first, each with its record in the ledger's chain."""
    wanted = '"status", "old", "reason", "confirmed_after_ms", "seq"'
    return f'SELECT {wanted} FROM "{STATUS}" WHERE {where} AND $timeFilter ORDER BY time DESC LIMIT 200'


def latencies(fields: Sequence[tuple[str, str]], where: str) -> str:
    """Return the question for the 95th percentile of fields of heartbeats, each (field, word)."""
    wanted = ", ".join(f'percentile("{field}", 95) AS "{word}"' for field, word in fields)
    return f'SELECT {wanted} FROM {FINE}"{HEARTBEAT}" WHERE {_and(where, "$timeFilter")} {EVERY} fill(null)'


def heartbeats(fields: Sequence[tuple[str, str]], where: str) -> str:
    """Return the question for the newest value in each interval of fields of heartbeats, each (field, word)."""
    wanted = ", ".join(f'last("{field}") AS "{word}"' for field, word in fields)
    return f'SELECT {wanted} FROM {FINE}"{HEARTBEAT}" WHERE {_and(where, "$timeFilter")} {EVERY} fill(null)'


def covered(field: str, where: str, *, by: str = "") -> str:
    """Return the question for a share of coverage in each interval; `by`: of each value of a tag."""
    group = f', "{by}"' if by else ""
    outer = f' GROUP BY "{by}"' if by else ""
    sums = f'SELECT sum("{field}") AS "p", sum("total") AS "t" FROM "{COVERAGE}"'
    inner = f"{sums} WHERE {_and(where, '$timeFilter')} {EVERY}{group} {ZONE}"
    cut = _cut('"p"', '"t"')
    divided = f'SELECT {cut} AS "share" FROM ({inner}) WHERE "t" > 0'
    return f'SELECT max("share") FROM ({divided}{outer}) WHERE $timeFilter {EVERY}{group} fill(null) {ZONE}'


def gauges(fields: Sequence[tuple[str, str]]) -> str:
    """Return the question for the largest value in each interval of what the monitor says of itself."""
    wanted = ", ".join(f'max("{field}") AS "{word}"' for field, word in fields)
    return f'SELECT {wanted} FROM {FINE}"{MONITOR}" WHERE $timeFilter {EVERY} fill(null)'


def grown(fields: Sequence[tuple[str, str]]) -> str:
    """Return the question for what counters of the monitor grew by in each interval; a restart begins at zero."""
    wanted = ", ".join(f'non_negative_difference(max("{field}")) AS "{word}"' for field, word in fields)
    return f'SELECT {wanted} FROM {FINE}"{MONITOR}" WHERE $timeFilter {EVERY} fill(none)'


def told(word: str) -> str:
    """Return the question for how often the monitor spoke in each interval: once a minute while it runs."""
    return f'SELECT count("up_ms") AS "{word}" FROM {FINE}"{MONITOR}" WHERE $timeFilter {EVERY} fill(0)'


def newest(field: str) -> str:
    """Return the question for the newest word of the monitor on one thing."""
    return f'SELECT last("{field}") FROM {FINE}"{MONITOR}" WHERE $timeFilter'


def measured(name: str) -> str:
    """Return a measurement as it stands in a question."""
    return f'{FINE}"{name}"' if name.endswith("_hour") else f'"{name}"'


def _divided(name: str, inner: str) -> str:
    part, whole = SHARES[name]
    return f'SELECT {_cut(part, whole)} AS "share" FROM ({inner}) WHERE {whole} > 0'


def _cut(part: str, whole: str) -> str:
    # 100.0, not 100: InfluxDB 1.6 takes a whole number for the type of the whole quotient and cuts 60.32 to 60 where it
    # is asked for from outside.
    return f"floor(({part}) * 10000 / ({whole})) / 100.0"


def _and(*conditions: str) -> str:
    return " AND ".join(condition for condition in conditions if condition)
