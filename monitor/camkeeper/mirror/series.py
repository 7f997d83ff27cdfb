"""The measurements: their names, tags and fields. Pure; `docs/influxdb.md` is the reference for who queries them.

Days and hours, devices and sites are measurements of their own: a sum over one of them counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from camkeeper.ledger.coverage import HOUR_MS, CoverageHour, CoverageSeries
from camkeeper.ledger.snapshot import DeviceEntry, Snapshot
from camkeeper.ledger.sums import Sum
from camkeeper.mirror.lines import Fields, Row, head
from camkeeper.model.change import Transition
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.probing import ProbeResult, Verdict

STATUS = "camkeeper_status"
HEARTBEAT = "camkeeper_heartbeat"
DEVICE_HOUR = "camkeeper_availability_hour"
DEVICE_DAY = "camkeeper_availability_day"
SITE_HOUR = "camkeeper_site_availability_hour"
SITE_DAY = "camkeeper_site_availability_day"
COVERAGE = "camkeeper_coverage"
MONITOR = "camkeeper_monitor"
EXACT = (STATUS, DEVICE_DAY, SITE_DAY, DEVICE_HOUR, SITE_HOUR, COVERAGE)
"""Follow from the ledger to the last digit; heartbeats and the monitor's own state do not."""
FINE = frozenset({HEARTBEAT, MONITOR, DEVICE_HOUR, SITE_HOUR})
"""Short-lived: they go into the bucket `fine`."""
AVAILABILITY_FIELDS = ("up_ms", "degraded_ms", "down_ms", "unknown_ms", "excluded_ms")
NOT_IN_SERVICE = 0
"""`status` where a device leaves service; else `Status.code`."""
_PICTURED = frozenset(kind.value for kind in DeviceKind if kind.has_picture)
_ANSWERS = frozenset({Verdict.OK, Verdict.AUTH_REFUSED, Verdict.CLOCK_SKEW, Verdict.FAULT, Verdict.STALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A device as its tags say."""

    device_id: str
    site_id: str
    kind: str

    @classmethod
    def of(cls, device_id: str, entry: DeviceEntry | None) -> Place:
        """Return the place; a device of which no configuration is on record has none."""
        if entry is None:
            return cls(device_id=device_id, site_id="", kind="")
        return cls(device_id=device_id, site_id=entry.site_id, kind=entry.kind.value)

    def head(self, measurement: str, **more: str) -> str:
        """Return measurement and tags."""
        return head(measurement, {"device": self.device_id, "site": self.site_id, "kind": self.kind} | more)


def status_row(place: Place, change: Transition, seq: int) -> Row:
    """Return a change of status, stamped with the instant since which it holds; `seq` is its record in the chain."""
    fields: Fields = (
        ("status", change.new.code),
        ("old", change.old.code),
        ("reason", change.reason.code),
        ("confirmed_after_ms", change.decided_ms - change.at_ms),
        ("seq", seq),
    )
    return Row(place.head(STATUS), fields, change.at_ms)


def retired_row(place: Place, at_ms: int, seq: int) -> Row:
    """Return the end of a device's service: its last status does not stand for ever."""
    # All fields of a change: a point of the same instant is overwritten field by field, not as a whole.
    fields: Fields = (
        ("status", NOT_IN_SERVICE),
        ("old", NOT_IN_SERVICE),
        ("reason", 0),
        ("confirmed_after_ms", 0),
        ("seq", seq),
    )
    return Row(place.head(STATUS), fields, at_ms)


def availability_fields(one: Sum) -> Fields:
    """Return the buckets; up has degraded in it. The five that are not `degraded_ms` sum to the time in service."""
    return (
        ("up_ms", one.up),
        ("degraded_ms", one.degraded),
        ("down_ms", one.down),
        ("unknown_ms", one.unknown),
        ("excluded_ms", one.excluded),
    )


def device_row(measurement: str, place: Place, one: Sum, start_ms: int, policy: str) -> Row:
    """Return a device's buckets of an hour or a day, stamped with its beginning."""
    return Row(place.head(measurement, policy=policy), availability_fields(one), start_ms)


def site_rows(
    measurement: str, config: Snapshot, sums: Iterable[tuple[Place, Sum]], start_ms: int, policy: str
) -> list[Row]:
    """Return the buckets of every site: of its cameras and of those in the sites below it, added up."""
    totals: dict[str, Sum] = {}
    for place, one in sums:
        if place.kind not in _PICTURED:
            continue
        for site_id in above(config, place.site_id):
            total = totals.setdefault(site_id, Sum())
            total.lived += one.lived
            total.excluded += one.excluded
            total.up += one.up
            total.degraded += one.degraded
            total.down += one.down
    return [
        Row(
            head(measurement, {"site": site_id, "kind": config.site_by_id[site_id].kind.value, "policy": policy}),
            availability_fields(total),
            start_ms,
        )
        for site_id, total in totals.items()
    ]


def above(config: Snapshot, site_id: str) -> Iterable[str]:
    """Yield the site and all above it, as far as the configuration knows them."""
    at: str | None = site_id
    while at is not None and at in config.site_by_id:
        yield at
        at = config.site_by_id[at].parent_id


def coverage_row(series: CoverageSeries, hour: CoverageHour) -> Row:
    """Return an hour of coverage in the unit itself: means over the hour, and the least that was seen at any instant.

    `lower` counts cameras of which nothing is known as blind, `upper` as seeing.
    """
    tags = {
        "site": series.site_id,
        "layer": series.layer,
        "unit": series.unit,
        "light": "night" if series.night else "day",
    }
    fields: Fields = (
        # Six digits: more than a square centimetre of a county, and no server rounds them.
        ("lower", round(hour.lower / (1000 * HOUR_MS), 6)),
        ("upper", round(hour.upper / (1000 * HOUR_MS), 6)),
        ("worst", hour.worst / 1000),
        ("total", series.total / 1000),
        ("design", series.design / 1000),
    )
    return Row(head(COVERAGE, tags), fields, hour.start_ms)


def heartbeat_row(place: Place, result: ProbeResult, scores: Mapping[str, float]) -> Row:
    """Return one probe: milliseconds of each rung that answered, the device's clock against ours, picture scores."""
    rungs = {rung.rung: rung.ms for rung in result.rungs if rung.verdict in _ANSWERS}
    fields: Fields = (
        ("took_ms", float(result.took_ms)),
        *((f"{rung.value}_ms", float(ms)) for rung, ms in rungs.items()),
        *((f"picture_{name}", float(score)) for name, score in scores.items()),
    )
    if result.facts.clock_offset_s is not None:
        fields += (("clock_offset_s", float(result.facts.clock_offset_s)),)
    return Row(place.head(HEARTBEAT), fields, result.at_ms)


def monitor_row(fields: Fields, at_ms: int) -> Row:
    """Return the monitor's own state at one instant."""
    return Row(head(MONITOR, {}), fields, at_ms)
