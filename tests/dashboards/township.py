"""Standings made by hand: real values, as the monitor's wiring builds them. Data, not a mock."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from camboard.source import JSON
from camkeeper.availability.buckets import Buckets
from camkeeper.feed import Feed
from camkeeper.model.equipment import LADDERS, DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.probing import Rung, RungResult, Verdict
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.standing.view import (
    DeviceStanding,
    MonitorStanding,
    RateView,
    SiteStanding,
    Standing,
    StripSegment,
    UplinkStanding,
)

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
AT_MS = 1_795_266_900_000
"""2026-11-21 21:15 in Shanghai."""
MONTH_MS = 1_793_462_400_000
"""2026-11-01 00:00 in Shanghai."""
TODAY_MS = 1_795_190_400_000
TARGET_BP = 9500

# Villages of 大郭镇 as published by the national bureau of statistics.
VILLAGES = (
    "大郭",
    "葛岗",
    "陶庄",
    "何庄",
    "社仓西",
    "岗杨",
    "陈策",
    "阎庄",
    "大牛",
    "谷庄",
    "魏庄",
    "前营",
    "胡桥",
    "尚庄",
    "张杨",
    "路西",
    "社仓东",
    "孙庄",
    "西坡李",
    "菜王",
    "城周庄",
    "刘城",
    "曹城",
    "纣城北",
    "纣城南",
    "大辛庄",
    "李城",
)

_REASON = {
    Status.UP: Reason.RECOVERED,
    Status.DEGRADED: Reason.AUTH_REFUSED,
    Status.DOWN: Reason.NO_ANSWER,
    Status.UNKNOWN: Reason.MONITOR_BLIND,
}


def rate(buckets: Buckets, start_ms: int, end_ms: int = AT_MS) -> RateView:
    """Return a rate with the verdict that its buckets give."""
    return RateView(
        period=Span(start_ms=start_ms, end_ms=end_ms),
        buckets=buckets,
        target_bp=TARGET_BP,
        verdict=buckets.verdict(target_bp=TARGET_BP),
    )


def buckets(length_ms: int, *, down_ms: int = 0, unknown_ms: int = 0, excluded_ms: int = 0) -> Buckets:
    """Return buckets of a length, up but for what is named."""
    return Buckets(
        up_ms=length_ms - down_ms - unknown_ms - excluded_ms,
        down_ms=down_ms,
        unknown_ms=unknown_ms,
        excluded_ms=excluded_ms,
    )


def device(
    device_id: str,
    status: Status = Status.UP,
    *,
    name: str = "",
    kind: DeviceKind = DeviceKind.CAMERA,
    site_id: str = "v00",
    in_window: bool = False,
    since_ms: int | None = AT_MS - 35 * 60_000,
    last_sample_ms: int | None = AT_MS - 12_000,
    month: Buckets | None = None,
) -> DeviceStanding:
    """Return a device that has had `status` since `since_ms`."""
    since = AT_MS - DAY_MS if since_ms is None else max(since_ms, AT_MS - DAY_MS)
    strip = [StripSegment(span=Span(start_ms=AT_MS - DAY_MS, end_ms=since), status=Status.UP)]
    strip.append(StripSegment(span=Span(start_ms=since, end_ms=AT_MS), status=status))
    return DeviceStanding(
        id=device_id,
        name=name or f"设备 {device_id}",
        kind=kind,
        site_id=site_id,
        status=status,
        reason=_REASON[status],
        since_ms=since_ms,
        last_sample_ms=last_sample_ms,
        unstable=False,
        in_window=in_window,
        today=rate(month or buckets(AT_MS - TODAY_MS), TODAY_MS),
        month=rate(month or buckets(AT_MS - MONTH_MS), MONTH_MS),
        strip=tuple(strip),
        rungs=rungs(kind, status),
        host="127.0.0.1",
    )


def rungs(kind: DeviceKind, status: Status) -> tuple[RungResult, ...]:
    """Return the ladder's answers that give such a status."""
    ladder = LADDERS[kind]
    if status is Status.DOWN:
        first = RungResult(rung=ladder[0], verdict=Verdict.TIMEOUT, ms=5000.0, detail="no answer within 5 s")
        return first, *(RungResult(rung=r, verdict=Verdict.SKIPPED, ms=0.0) for r in ladder[1:])
    if status is Status.UNKNOWN:
        return tuple(RungResult(rung=r, verdict=Verdict.MONITOR, ms=0.0) for r in ladder)
    refused = status is Status.DEGRADED
    out = []
    for rung in ladder:
        if refused and rung is Rung.AUTH:
            out.append(RungResult(rung=rung, verdict=Verdict.LATCHED, ms=0.0, detail="HTTP 401"))
        elif refused and rung in {Rung.SNAPSHOT, Rung.STREAM, Rung.RECORDING}:
            out.append(RungResult(rung=rung, verdict=Verdict.SKIPPED, ms=0.0))
        elif rung is Rung.RECORDING:
            out.append(RungResult(rung=rung, verdict=Verdict.NOT_OFFERED, ms=9.0))
        else:
            out.append(RungResult(rung=rung, verdict=Verdict.OK, ms=12.4))
    return tuple(out)


def site(
    site_id: str,
    devices: Iterable[DeviceStanding],
    *,
    name: str = "",
    name_en: str = "",
    kind: SiteKind = SiteKind.VILLAGE,
    parent_id: str | None = "town",
    month: Buckets | None = None,
) -> SiteStanding:
    """Return a site whose figures are the sums over its cameras."""
    listed = list(devices)
    cameras = [d for d in listed if d.kind.has_picture]
    return SiteStanding(
        id=site_id,
        name=name or f"村{site_id}",
        name_en=name_en,
        kind=kind,
        code=None,
        parent_id=parent_id,
        target_bp=TARGET_BP,
        cameras=Counter(d.status for d in cameras),
        others=Counter(d.status for d in listed if not d.kind.has_picture),
        today=rate(sum((d.today.buckets for d in cameras), Buckets()), TODAY_MS),
        month=rate(month or sum((d.month.buckets for d in cameras), Buckets()), MONTH_MS),
    )


def standing(devices: Iterable[DeviceStanding], **changes: object) -> Standing:
    """Return a town with one village per site id that the devices name."""
    listed = tuple(devices)
    by_site: dict[str, list[DeviceStanding]] = {}
    for each in listed:
        by_site.setdefault(each.site_id, []).append(each)
    town = site("town", listed, name="大郭镇", name_en="Dagou", kind=SiteKind.TOWN, parent_id=None)
    villages = [
        site(site_id, own, name=f"{VILLAGES[n % len(VILLAGES)]}村{'' if n < len(VILLAGES) else n}")
        for n, (site_id, own) in enumerate(sorted(by_site.items()))
    ]
    value = Standing(
        at_ms=AT_MS,
        name="大郭镇",
        synthetic_geometry=True,
        timezone="Asia/Shanghai",
        total=town,
        sites=(town, *villages),
        devices=listed,
        villages_total=len(villages),
        villages_with_camera=sum(v.cameras_online > 0 for v in villages),
        monitor=monitor(),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def monitor(**changes: object) -> MonitorStanding:
    """Return a monitor in good health."""
    value = MonitorStanding(
        boot_id="b-1",
        started_ms=AT_MS - DAY_MS,
        last_tick_ms=AT_MS,
        last_sample_ms=AT_MS - 400,
        lag_ms=3.5,
        uplinks=(UplinkStanding(id="line-mobile", name="移动专线", sees=True, since_ms=AT_MS - DAY_MS),),
        warnings=(),
        probes_total=123_456,
        probes_missed=0,
        policy="time-weighted/1",
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def township(*, cameras: int = 144, villages: int = 27, speakers: int = 39) -> Standing:
    """Return a lively town: some down, some unknown, some refused, one under maintenance."""
    devices = []
    for n in range(cameras):
        v = (n * 7) % villages
        status = Status.UP
        if n % 47 == 5:
            status = Status.DOWN
        elif n % 61 == 9:
            status = Status.UNKNOWN
        elif n % 41 == 3:
            status = Status.DEGRADED
        month = buckets(
            AT_MS - MONTH_MS, down_ms=(n * 37 % 23) * HOUR_MS if v % 4 == 0 else n % 5 * HOUR_MS, unknown_ms=HOUR_MS
        )
        devices.append(
            device(
                f"cam-{n:04d}",
                status,
                name=f"{VILLAGES[v % len(VILLAGES)]}村文化广场{'东南西北'[n % 4]}杆 {n // villages + 1}号",
                kind=DeviceKind.PTZ if n % 9 == 0 else DeviceKind.CAMERA,
                site_id=f"v{v:02d}",
                in_window=n == 8,
                since_ms=AT_MS - (n % 50 + 1) * 13 * 60_000,
                month=month,
            )
        )
    for n in range(speakers):
        status = Status.DOWN if n == 4 else Status.UP
        site_id = f"v{n % villages:02d}"
        devices.append(device(f"spk-{n:03d}", status, name=f"音柱 {n + 1}", kind=DeviceKind.SPEAKER, site_id=site_id))
    devices.append(device("sw-01", name="汇聚交换机", kind=DeviceKind.SWITCH, site_id="v00"))
    return standing(devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The monitor's health, as a test wants it."""

    live: bool = True
    ready: bool = True
    reasons: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Township:
    """A source whose Standing a test moves."""

    value: Standing = field(default_factory=township)
    condition: Condition = field(default_factory=Condition)
    feed: Feed = field(default_factory=Feed)

    def standing(self) -> Standing:
        return self.value

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[AbstractSet[str]]]:
        return self.feed.subscribe()

    async def sla(self, month: str | None, site_id: str | None, policy: str | None) -> Mapping[str, JSON]:
        if policy not in {None, "time-weighted"}:
            raise LookupError(policy)
        return {"month": month, "site": site_id, "policy": policy}

    def health(self) -> Condition:
        return self.condition

    def move(self, *devices: DeviceStanding, at_ms: int | None = None) -> None:
        """Put devices in the place of those with the same ids, a second later, and tell."""
        new = {d.id: d for d in devices}
        at = self.value.at_ms + 1000 if at_ms is None else at_ms
        moved = tuple(new.get(d.id, d) for d in self.value.devices)
        made = standing(moved)
        self.value = replace(made, at_ms=at, monitor=replace(self.value.monitor, last_tick_ms=at))
        self.feed.publish(frozenset(new))
