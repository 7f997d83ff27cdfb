"""Small generated townships: any tree of sites, any kinds of devices, any buckets."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from camkeeper.availability.buckets import Buckets
from camkeeper.judge.track import Track
from camkeeper.model.equipment import Address, Device, DeviceKind
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.standing.build import DeviceNow, Inputs, PeriodBuckets
from camkeeper.standing.view import MonitorStanding

AT_MS = 1_795_266_900_000
TODAY = Span(start_ms=AT_MS - 3_600_000, end_ms=AT_MS)
MONTH = Span(start_ms=AT_MS - 86_400_000, end_ms=AT_MS)
NOBODY = MonitorStanding(
    boot_id="b",
    started_ms=0,
    last_tick_ms=AT_MS,
    last_sample_ms=None,
    lag_ms=0.0,
    uplinks=(),
    warnings=(),
    probes_total=0,
    probes_missed=0,
    policy="time-weighted/1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A township and what is known of it."""

    registry: Registry
    statuses: dict[str, Status]
    today: dict[str, Buckets]
    month: dict[str, Buckets]
    retired: dict[str, str]

    def inputs(self) -> Inputs:
        return Inputs(
            at_ms=AT_MS,
            registry=self.registry,
            now={name: DeviceNow(track=track_of(name, status)) for name, status in self.statuses.items()},
            today=PeriodBuckets(period=TODAY, buckets=self.today),
            month=PeriodBuckets(period=MONTH, buckets=self.month),
            strips={},
            monitor=NOBODY,
            retired=self.retired,
        )


def track_of(device_id: str, status: Status) -> Track:
    return Track(device_id=device_id, status=status, reason=Reason.RECOVERED, since_ms=AT_MS - 5, last_ms=AT_MS - 1)


@st.composite
def some_buckets(draw: st.DrawFn) -> Buckets:
    up, down, unknown, excluded, absent = (draw(st.integers(0, 10**9)) for _ in range(5))
    return Buckets(
        up_ms=up,
        down_ms=down,
        unknown_ms=unknown,
        excluded_ms=excluded,
        absent_ms=absent,
        degraded_ms=draw(st.integers(0, up)),
    )


@st.composite
def sites(draw: st.DrawFn) -> tuple[Site, ...]:
    """One to seven sites in any order of the file, each below an earlier one or a root."""
    out: list[Site] = []
    for number in range(draw(st.integers(1, 7))):
        parent = draw(st.sampled_from([None, *(site.id for site in out)])) if out else None
        out.append(
            Site(
                id=f"s{number}",
                name=f"地{number}",
                kind=draw(st.sampled_from(SiteKind)),
                timezone="Asia/Shanghai",
                target_bp=draw(st.integers(0, 10_000)),
                parent_id=parent,
            )
        )
    return tuple(draw(st.permutations(out)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    places = draw(sites())
    ids = [site.id for site in places]
    devices = tuple(
        Device(
            id=f"d{number}",
            name=f"d{number}",
            kind=draw(st.sampled_from(DeviceKind)),
            site_id=draw(st.sampled_from(ids)),
            address=Address(host="127.0.0.1"),
        )
        for number in range(draw(st.integers(0, 8)))
    )
    # Some of the retired came back: they are enrolled again, and their life must not count twice.
    gone = [f"gone{n}" for n in range(draw(st.integers(0, 3)))]
    back = draw(st.lists(st.sampled_from([d.id for d in devices]), unique=True)) if devices else []
    named = [d.id for d in devices]
    return Case(
        registry=Registry(name="镇", sites=places, devices=devices),
        statuses=draw(st.dictionaries(st.sampled_from(named), st.sampled_from(Status))) if named else {},
        today={name: draw(some_buckets()) for name in [*named, *gone]},
        month={name: draw(some_buckets()) for name in [*named, *gone]},
        retired={name: draw(st.sampled_from(ids)) for name in [*gone, *back]},
    )
