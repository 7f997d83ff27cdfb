"""Checks of where things are: batches, slips, villages, twins, buildings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

import numpy as np
import shapely

from camkeeper.doctor.datum import Batch, Batches, reading_words
from camkeeper.doctor.finding import Check, Edit, Finding, Severity, Sureness
from camkeeper.doctor.patient import Patient
from camkeeper.doctor.plane import Plane
from camkeeper.doctor.slips import Slip, slips
from camkeeper.model.equipment import Device, DeviceKind
from camkeeper.register.known import core

TWIN_M: Final = 0.5
_AIM_DEG = 1.0
_FAR_OUT_M = 500.0
"""Farther out than this it is not the border that is drawn roughly."""
_LISTED = 5
"""So many names in a sentence."""
_BESIDE_M = 0.5
_KIND_ZH = {"import": "导入批次", "contractor": "维保单位", "site": "地点"}


class Whereabouts:
    """What the checks of places share, computed once."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.plane = Plane(patient)

    @cached_property
    def batches(self) -> Batches:
        """Batches that another datum fits better."""
        return Batches(self.plane)

    @cached_property
    def slips(self) -> tuple[Slip, ...]:
        """Positions that one slip explains."""
        return slips(self.plane)

    @cached_property
    def explained(self) -> frozenset[int]:
        """Rows whose position is told already."""
        return frozenset({n for b in self.batches.found for n in b.rows} | {s.row for s in self.slips})

    def position_edit(self, row: int, lon_deg: float, lat_deg: float) -> Edit:
        """Return the edit that moves a device."""
        was_lon, was_lat = (float(v) for v in self.plane.points[row])
        fields = (("mount.lon_deg", was_lon, lon_deg), ("mount.lat_deg", was_lat, lat_deg))
        return Edit(device_id=self.plane.devices[row].id, fields=fields)


def listed(names: Iterable[str], joint: str = "、") -> str:
    """Return the first names, and how many there are in all."""
    found = list(names)
    more = f" …({len(found)})" if len(found) > _LISTED else ""
    return joint.join(found[:_LISTED]) + more


def datum(where: Whereabouts) -> Iterator[Finding]:
    """Yield a finding a batch."""
    for batch in where.batches.found:
        points = where.batches.there(batch)
        edits = tuple(
            where.position_edit(row, float(lon), float(lat)) for row, (lon, lat) in zip(batch.rows, points, strict=True)
        )
        yield _batch_finding(where, batch, edits)


def _batch_finding(where: Whereabouts, batch: Batch, edits: tuple[Edit, ...]) -> Finding:
    zh, en = reading_words(batch.reading)
    named_zh = "全部点位" if batch.kind == "all" else f"{_KIND_ZH[batch.kind]} {_name(where, batch)} 的点位"
    named_en = "all positions" if batch.kind == "all" else f"the positions of {batch.kind} {_name(where, batch)}"
    shift, n = f"{batch.shift_m:.0f}", batch.points
    near_zh = near_en = ""
    if batch.mark_before_m is not None and batch.mark_after_m is not None:
        before, after = f"{batch.mark_before_m:.0f}", f"{batch.mark_after_m:.0f}"
        near_zh = f"；到最近重点部位的中位距离由 {before} 米变为 {after} 米"
        near_en = f"; the median way to the nearest key place goes from {before} m to {after} m"
    numbers: dict[str, float | int | str] = {
        "written": batch.reading.written, "taken_for": batch.reading.taken_for, "points": n, "moved": len(batch.rows),
        "shift_m": round(batch.shift_m, 1), "better": batch.better, "worse": batch.worse,
        "inside_before": batch.inside_before, "inside_after": batch.inside_after, "with_area": batch.with_area,
    }  # fmt: skip
    if batch.rival is not None:
        numbers |= {"rival_written": batch.rival.written, "rival_taken_for": batch.rival.taken_for}
    return Finding(
        check=Check.DATUM,
        subject=batch.kind if batch.kind == "all" else f"{batch.kind}:{batch.name}",
        severity=Severity.SEVERE,
        sureness=Sureness.LIKELY if batch.rival is None else Sureness.POSSIBLE,
        zh=f"{named_zh}（{n} 个）{zh}，偏移约 {shift} 米：在本村内的由 {batch.inside_before} 个变为"
        f" {batch.inside_after} 个（共 {batch.with_area} 个有边界）{near_zh}",
        en=f"{named_en} ({n}): {en}, off by some {shift} m. Inside their village: {batch.inside_before} as they are,"
        f" {batch.inside_after} of {batch.with_area} then{near_en}",
        device_ids=tuple(where.plane.devices[row].id for row in batch.rows),
        numbers=numbers,
        edits=edits if batch.rival is None else (),
        advice_zh=f"换算 {len(edits)} 个点位" if batch.rival is None else "另一种解释同样说得通，请核对几个点位",
        advice_en=f"convert {len(edits)} positions" if batch.rival is None else "another datum explains it as well;"
        " survey a few points",
    )  # fmt: skip


def _name(where: Whereabouts, batch: Batch) -> str:
    if batch.kind == "site":
        return where.patient.site_name(batch.name)
    firms = {c.id: c.name for c in where.patient.registry.contractors}
    return firms.get(batch.name, batch.name) if batch.kind == "contractor" else batch.name


_SLIP = {
    "swapped": ("经纬度颠倒", "longitude and latitude are swapped"),
    "sign": ("正负号写反", "a sign is wrong"),
    "decimal": ("小数点移位", "a decimal point slipped"),
    "digits": ("相邻两位数字写反", "two digits are changed about"),
}


def slipped(where: Whereabouts) -> Iterator[Finding]:
    """Yield a finding a slip; those of `swapped` are of their own check."""
    for slip in where.slips:
        if slip.row in {n for b in where.batches.found for n in b.rows}:
            continue
        device, (zh, en) = where.plane.devices[slip.row], _SLIP[slip.kind]
        name, away = where.patient.site_name(device.site_id), f"{slip.away_m / 1000:,.0f}"
        yield Finding(
            check=Check.SWAPPED if slip.kind == "swapped" else Check.SLIP,
            subject=device.id,
            severity=Severity.SEVERE,
            sureness=Sureness.LIKELY,
            zh=f"{device.name} 离 {name} {away} 公里；{zh}，改正后在村内",
            en=f"{device.name} lies {away} km from {name}: {en}; mended, it is inside",
            device_ids=(device.id,),
            numbers={"kind": slip.kind, "away_m": round(slip.away_m)},
            edits=(where.position_edit(slip.row, slip.lon_deg, slip.lat_deg),),
            advice_zh=f"改为 {slip.lon_deg:.6f}, {slip.lat_deg:.6f}",
            advice_en=f"make it {slip.lon_deg:.6f}, {slip.lat_deg:.6f}",
        )


def outside(where: Whereabouts) -> Iterator[Finding]:
    """Yield a finding for each device that is outside its site by more than its survey error."""
    plane = where.plane
    away = np.nan_to_num(plane.outside_now_m, nan=0.0)
    for row in np.flatnonzero(away > 0):
        device = plane.devices[row]
        mount = device.mount
        assert mount is not None  # noqa: S101  (it is on the plane)
        if away[row] > max(mount.position_error_m, 1.0) and int(row) not in where.explained:
            yield _outside(where, int(row), device, float(away[row]))


def _outside(where: Whereabouts, row: int, device: Device, away_m: float) -> Finding:
    plane = where.plane
    there = plane.leaf_at(*plane.xy[row])
    own = where.patient.registry.site_by_id[plane.sited[plane.own[row]].id]
    inner = there is not None and device.site_id in where.patient.registry.ancestry(there)
    other = None if there is None else where.patient.registry.site_by_id[there]
    says = other is not None and core(other.name) in device.name and core(own.name) not in device.name
    in_zh = f"，却在 {other.name} 之内" if other is not None else ""
    in_en = f", but inside {other.name}" if other is not None else ""
    edits = () if other is None or inner else (Edit(device_id=device.id, fields=(("site", device.site_id, other.id),)),)
    return Finding(
        check=Check.OUTSIDE,
        subject=device.id,
        severity=Severity.SEVERE if away_m > _FAR_OUT_M else Severity.MINOR,
        sureness=Sureness.LIKELY if says else Sureness.POSSIBLE,
        zh=f"{device.name} 在 {own.name} 边界外 {away_m:,.0f} 米{in_zh}",
        en=f"{device.name} lies {away_m:,.0f} m outside {own.name}{in_en}",
        device_ids=(device.id,),
        site_ids=(own.id,) if other is None else (own.id, other.id),
        numbers={"outside_m": round(away_m, 1), "site": own.id, "inside": "" if other is None else other.id},
        edits=edits,
        advice_zh=f"归入 {other.name}，或核对点位" if other is not None else "核对点位",
        advice_en=f"enrol it in {other.name}, or survey it" if other is not None else "survey it",
    )


def position_twin(where: Whereabouts) -> Iterator[Finding]:
    """Yield a finding for each set of cameras of one kind at one spot that look one way.

    Checkpoints stand lane by lane on one gantry, and domes turn: of these nothing is said.
    """
    plane = where.plane
    rows = np.array([n for n, d in enumerate(plane.devices) if d.kind is DeviceKind.CAMERA], dtype=np.intp)
    if len(rows) < 2:
        return
    tree = shapely.STRtree(shapely.points(plane.xy[rows]))
    a, b = tree.query(shapely.points(plane.xy[rows]), predicate="dwithin", distance=TWIN_M)
    lead: dict[int, int] = {}
    for first, second in sorted((int(rows[i]), int(rows[j])) for i, j in zip(a, b, strict=True) if i < j):
        if _one_aim(plane.devices[first], plane.devices[second]):
            lead.setdefault(second, lead.get(first, first))
    sets: dict[int, list[int]] = defaultdict(list)
    for second, first in lead.items():
        sets[first].append(second)
    for first, others in sets.items():
        yield _twins([plane.devices[n] for n in (first, *sorted(others))])


def _one_aim(a: Device, b: Device) -> bool:
    one = None if a.mount is None else a.mount.azimuth_deg
    two = None if b.mount is None else b.mount.azimuth_deg
    if one is None or two is None:
        return one is two
    away = abs(one - two) % 360
    return bool(min(away, 360 - away) <= _AIM_DEG)


def _twins(devices: list[Device]) -> Finding:
    names = listed(d.name for d in devices)
    apart = len({d.link_id for d in devices}) == len(devices)
    ids = sorted(d.id for d in devices)
    return Finding(
        check=Check.POSITION_TWIN,
        subject=ids[0],
        severity=Severity.MINOR,
        sureness=Sureness.LIKELY if apart else Sureness.POSSIBLE,
        zh=f"{names} 登记在同一点（{TWIN_M} 米内）、朝同一方向" + ("，却挂在不同链路上" if apart else ""),
        en=f"{names} are registered at one spot (within {TWIN_M} m) and look one way"
        + (", yet hang on different links" if apart else ""),
        device_ids=tuple(ids),
        site_ids=tuple(sorted({d.site_id for d in devices})),
        numbers={"devices": len(devices)},
        advice_zh="核对点位与方位角；若是同一台，注销多余的一条",
        advice_en="survey position and azimuth; if it is one camera, retire the other entry",
    )


def in_building(where: Whereabouts) -> Iterator[Finding]:
    """Yield a finding for each camera deeper in a building than its survey error, and not known to be on its roof."""
    plane = where.plane
    cameras = [n for n, d in enumerate(plane.devices) if d.kind.has_picture and n not in where.explained]
    if not cameras or not len(plane.buildings):
        return
    tree = shapely.STRtree(plane.buildings)
    spots = shapely.points(plane.xy[cameras])
    for i, b in sorted(zip(*tree.query(spots, predicate="within"), strict=True)):
        device, building = plane.devices[cameras[i]], where.patient.buildings[b]
        mount = device.mount
        assert mount is not None  # noqa: S101  (it is on the plane)
        wall = shapely.boundary(plane.buildings[b])
        depth_m = float(shapely.distance(wall, spots[i]))
        roof = building.height_m is not None and mount.height_m is not None and mount.height_m >= building.height_m
        if depth_m > mount.position_error_m and not roof:
            at = shapely.get_coordinates(shapely.shortest_line(spots[i], wall))
            out = at[1] + (at[1] - at[0]) / depth_m * _BESIDE_M
            yield Finding(
                check=Check.IN_BUILDING,
                subject=device.id,
                severity=Severity.MINOR,
                sureness=Sureness.POSSIBLE,
                zh=f"{device.name} 在建筑 {building.id} 之内，离最近的墙 {depth_m:.1f} 米",
                en=f"{device.name} is inside the building {building.id}, {depth_m:.1f} m from the nearest wall",
                device_ids=(device.id,),
                site_ids=(device.site_id,),
                numbers={"depth_m": round(depth_m, 1), "building": building.id},
                edits=(where.position_edit(cameras[i], *plane.degrees(*out)),),
                advice_zh="移到最近的墙外，或核对点位与建筑",
                advice_en="put it outside the nearest wall, or survey it and the building",
            )
