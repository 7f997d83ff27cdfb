"""Checks of what makes a field of view: position, azimuth, height, lens; and whether anything is seen at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from camcover.camera import View
from camcover.datum import FEWEST_POINTS
from camcover.optics import FULL_CIRCLE_DEG, NOTHING, Lens, Mount, reach_m
from camkeeper.doctor.finding import Check, Edit, Finding, Severity, Sureness
from camkeeper.doctor.patient import Patient
from camkeeper.doctor.places import listed
from camkeeper.model.equipment import Device, DeviceKind

LOWEST_M, HIGHEST_M = 1.5, 40.0
"""Lower a child covers it, higher is a tower: then people measured it, and say so by hand."""
USUAL_M: Final = (2.0, 15.0)
NARROWEST_DEG, LONGEST_M = 2.0, 1_000.0
FEWEST_PX, MOST_PX = 320 * 240, 16_384 * 8_192


def no_position(patient: Patient) -> Iterator[Finding]:
    """Yield a finding a place for its cameras without a position: they cover nothing."""
    yield from _missing(
        patient, Check.NO_POSITION, lambda d: d.mount is None, "没有登记点位，覆盖为零",
        "have no position: they cover nothing", "补登经纬度", "enter longitude and latitude",
    )  # fmt: skip


def azimuth(patient: Patient) -> Iterator[Finding]:
    """Yield a finding a place for cameras whose azimuth nobody noted; and for places where all look due north."""
    yield from _missing(
        patient, Check.AZIMUTH, azimuth_missing, "没有登记方位角，覆盖不能计入",
        "have no azimuth: their coverage cannot be claimed", "补登方位角", "enter the azimuth",
    )  # fmt: skip
    for site_id, cameras in patient.cameras_by_site.items():
        fixed = [d for d in cameras if d.kind is not DeviceKind.PTZ and d.mount and d.mount.azimuth_deg is not None]
        if len(fixed) >= FEWEST_POINTS and all(d.mount and d.mount.azimuth_deg == 0 for d in fixed):
            name = patient.site_name(site_id)
            yield Finding(
                check=Check.AZIMUTH,
                subject=f"{site_id}:north",
                severity=Severity.MINOR,
                sureness=Sureness.LIKELY,
                zh=f"{name} 的 {len(fixed)} 台摄像机方位角全是 0（正北），多半是没有测过",
                en=f"all {len(fixed)} cameras of {name} look due north (0): most likely nobody measured them",
                device_ids=tuple(sorted(d.id for d in fixed)),
                site_ids=(site_id,),
                numbers={"devices": len(fixed)},
                advice_zh="逐台测方位角；没有测过的留空",
                advice_en="measure each; leave empty what nobody measured",
            )


def azimuth_missing(device: Device) -> bool:
    """Return whether a fixed camera's aim is not noted; what sees all round needs none."""
    mount, lens = device.mount, device.lens
    round_view = lens is not None and lens.hfov_deg >= FULL_CIRCLE_DEG
    return mount is not None and mount.azimuth_deg is None and device.kind is not DeviceKind.PTZ and not round_view


def height(patient: Patient) -> Iterator[Finding]:
    """Yield a finding a place for heights that nobody noted, and one for each that cannot be."""
    yield from _missing(
        patient, Check.HEIGHT, lambda d: d.mount is not None and d.mount.height_m is None,
        "没有登记安装高度，按被所有障碍物遮挡计算",
        "have no height: every obstacle is taken to block them", "补登高度", "enter the height",
    )  # fmt: skip
    for device in patient.cameras:
        high = device.mount.height_m if device.mount is not None else None
        if high is None or LOWEST_M <= high <= HIGHEST_M:
            continue
        better, zh, en = _height_in_other_units(high)
        yield Finding(
            check=Check.HEIGHT,
            subject=device.id,
            severity=Severity.MINOR,
            sureness=Sureness.LIKELY if better is not None else Sureness.POSSIBLE,
            zh=f"{device.name} 安装高度 {high:g} 米{zh}",
            en=f"{device.name} hangs {high:g} m high{en}",
            device_ids=(device.id,),
            site_ids=(device.site_id,),
            numbers={"height_m": high},
            edits=() if better is None else (_edit(device, "mount.height_m", high, better),),
            advice_zh=f"改为 {better:g} 米" if better else "核对高度",
            advice_en=f"make it {better:g} m" if better else "measure it",
        )  # fmt: skip


def _height_in_other_units(high_m: float) -> tuple[float | None, str, str]:
    """Return the metres that somebody may have meant, and how that is told; None: no unit makes sense of it."""
    for divisor, zh, en in ((100, "厘米", "centimetres"), (1000, "毫米", "millimetres")):
        if USUAL_M[0] <= high_m / divisor <= USUAL_M[1]:
            return round(high_m / divisor, 3), f"，像是{zh}", f"; it looks like {en}"
    return None, "", ""


def lens(patient: Patient) -> Iterator[Finding]:
    """Yield a finding a place for cameras without a lens, and one for each lens that cannot be."""
    yield from _missing(
        patient, Check.LENS, lambda d: d.mount is not None and d.lens is None, "没有登记镜头，覆盖为零",
        "have no lens: they cover nothing", "补登视场角与像素", "enter angle and pixels",
    )  # fmt: skip
    for device in patient.cameras:
        fault = None if device.lens is None else lens_fault(device.lens)
        if fault is not None:
            yield Finding(
                check=Check.LENS,
                subject=device.id,
                severity=Severity.MINOR,
                sureness=Sureness.LIKELY,
                zh=f"{device.name}：{fault[0]}",
                en=f"{device.name}: {fault[1]}",
                device_ids=(device.id,),
                site_ids=(device.site_id,),
                advice_zh="按设备铭牌改",
                advice_en="enter what its label says",
            )


def lens_fault(lens: Lens) -> tuple[str, str] | None:
    """Return what no lens of this trade has, in both languages."""
    pixels = lens.width_px * lens.height_px
    if lens.hfov_deg < NARROWEST_DEG:
        return f"水平视场角 {lens.hfov_deg:g}° 太窄", f"an angle of {lens.hfov_deg:g} degrees is too narrow"
    if not FEWEST_PX <= pixels <= MOST_PX:
        size = f"{lens.width_px}x{lens.height_px}"
        return f"像素 {size} 不可能", f"{size} pixels cannot be"
    if lens.range_m > LONGEST_M:
        return f"监控距离 {lens.range_m:g} 米太远", f"a range of {lens.range_m:g} m is too long"
    return None


def blind(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each camera that sees none of the ground as it is registered."""
    view = View(target_height_m=patient.registry.coverage.target_height_m)
    for device in patient.cameras:
        mount, glass = device.mount, device.lens
        if mount is None or glass is None or reach_m(mount, glass, view) != NOTHING:
            continue
        if mount.height_m is not None and not LOWEST_M <= mount.height_m <= HIGHEST_M:
            continue  # its height is told already, and is why
        turned = _turned(mount)
        sees = turned is not None and reach_m(turned, glass, view) != NOTHING
        yield Finding(
            check=Check.BLIND,
            subject=device.id,
            severity=Severity.MINOR,
            sureness=Sureness.LIKELY if sees else Sureness.PROVEN,
            zh=f"{device.name} 按高度 {mount.height_m} 米、俯角 {mount.tilt_deg}°、距离 {glass.range_m:g} 米看不到地面",
            en=f"{device.name} sees no ground: height {mount.height_m} m, tilt {mount.tilt_deg} degrees,"
            f" range {glass.range_m:g} m",
            device_ids=(device.id,),
            site_ids=(device.site_id,),
            numbers={"tilt_deg": -90.0 if mount.tilt_deg is None else mount.tilt_deg},
            edits=(_edit(device, "mount.tilt_deg", mount.tilt_deg, turned.tilt_deg),) if sees and turned else (),
            advice_zh="俯角向下为正，改正负号" if sees else "核对俯角、高度与距离",
            advice_en="tilt counts downwards: change its sign" if sees else "check tilt, height and range",
        )  # fmt: skip


def _turned(mount: Mount) -> Mount | None:
    return replace(mount, tilt_deg=-mount.tilt_deg) if mount.tilt_deg is not None and mount.tilt_deg < 0 else None


def _edit(device: Device, key: str, old: float | None, new: float | None) -> Edit:
    return Edit(device_id=device.id, fields=((key, old, new),))


def _missing(
    patient: Patient, check: Check, lacks: Callable[[Device], bool], zh: str, en: str, do_zh: str, do_en: str
) -> Iterator[Finding]:
    """Yield one finding a place: nobody reads five hundred lines that say the same."""
    for site_id, cameras in patient.cameras_by_site.items():
        found = sorted((d for d in cameras if lacks(d)), key=lambda d: d.id)
        if found:
            name, who = patient.site_name(site_id), listed(d.name for d in found)
            yield Finding(
                check=check,
                subject=site_id,
                severity=Severity.MINOR,
                sureness=Sureness.PROVEN,
                zh=f"{name} 有 {len(found)} 台{zh}：{who}",
                en=f"{len(found)} of {len(cameras)} cameras of {name} {en}: {who}",
                device_ids=tuple(d.id for d in found),
                site_ids=(site_id,),
                numbers={"devices": len(found), "of": len(cameras)},
                advice_zh=do_zh,
                advice_en=do_en,
            )
