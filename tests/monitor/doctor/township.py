"""A generated township without a fault: villages in a grid, key places, cameras beside them, links, answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from camcover.datum import Datum, from_wgs84, to_wgs84
from camcover.optics import Lens, Mount
from camkeeper.doctor.patient import Patient
from camkeeper.model.contract import Contractor
from camkeeper.model.equipment import Address, Beacon, Credential, Device, DeviceKind, Link, LinkKind, Uplink
from camkeeper.model.place import KeyPlace, KeyPlaceType, Shape, Site, SiteKind
from camkeeper.model.probing import DeviceFacts, Profile
from camkeeper.model.registry import Registry

MIDDLE = (113.85, 33.80)
SIDE_M = 1600.0
M_PER_DEG = 111_195.0


def lon_lat(east_m: float, north_m: float, middle: tuple[float, float] = MIDDLE) -> tuple[float, float]:
    """Return metres around the middle as degrees, to nine digits."""
    lat = middle[1] + north_m / M_PER_DEG
    return round(middle[0] + east_m / (M_PER_DEG * np.cos(np.radians(middle[1]))), 9), round(lat, 9)


def township(
    seed: int = 1,
    *,
    villages: int = 4,
    each: int = 6,
    middle: tuple[float, float] = MIDDLE,
    spread_m: float = 350.0,
    marks: bool = True,
    noise_m: float = 5.0,
) -> Patient:
    """Return a township in which nothing is odd; every device answered what the register has."""
    dice = random.Random(seed)
    columns = max(1, round(villages**0.5))
    sites = [Site(id="town", name="柳河镇", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500)]
    places, devices = [], []
    for n in range(villages):
        west, south = n % columns * SIDE_M, n // columns * SIDE_M
        ring = [(west, south), (west + SIDE_M, south), (west + SIDE_M, south + SIDE_M), (west, south + SIDE_M)]
        sites.append(
            Site(
                id=f"v{n:03}", name=f"第{n}村", kind=SiteKind.VILLAGE, timezone="Asia/Shanghai", target_bp=9500,
                parent_id="town", boundary=tuple(lon_lat(x, y, middle) for x, y in ring),
            )
        )  # fmt: skip
        for k in range(each):
            x = west + SIDE_M / 2 + dice.uniform(-spread_m, spread_m)
            y = south + SIDE_M / 2 + dice.uniform(-spread_m, spread_m)
            places.append(_mark(f"p{n:03}-{k}", f"v{n:03}", lon_lat(x, y, middle)))
            at = lon_lat(x + dice.gauss(0, noise_m), y + dice.gauss(0, noise_m), middle)
            devices.append(_camera(f"v{n:03}-{k:03}", n, k, at, dice))
    registry = Registry(
        name="柳河镇",
        sites=tuple(sites),
        devices=tuple(devices),
        links=(
            Link(id="line", name="移动专线", kind=LinkKind.OPERATOR_LINE),
            Link(id="pole", name="杆", kind=LinkKind.POLE, upstream_id="line"),
        ),
        key_places=tuple(places) if marks else (),
        credentials=(
            Credential(id="even", user="monitor", secret_ref="env:EVEN"),
            Credential(id="odd", user="monitor", secret_ref="env:ODD"),
        ),
        contractors=(Contractor(id="even", name="甲单位"), Contractor(id="odd", name="乙单位")),
        uplinks=(Uplink(id="up", name="上行", beacons=(Beacon(host="10.0.0.1", port=80),)),),
    )
    return Patient(registry=registry, answers={d.id: answer(d) for d in devices})


def _mark(place_id: str, site_id: str, at: tuple[float, float]) -> KeyPlace:
    return KeyPlace(
        id=place_id, site_id=site_id, type=KeyPlaceType.JUNCTION, name=place_id, shape=Shape.POINT, coordinates=(at,)
    )


def _camera(device_id: str, n: int, k: int, at: tuple[float, float], dice: random.Random) -> Device:
    share = "even" if n % 2 == 0 else "odd"
    return Device(
        id=device_id,
        name=f"第{n}村{k}号",
        kind=DeviceKind.CAMERA,
        site_id=f"v{n:03}",
        address=Address(host=f"10.{n // 250}.{n % 250}.{k % 250 + 1}", port=80 + k // 250),
        credential_id=share,
        contractor_id=share,
        link_id="pole",
        mount=Mount(lon_deg=at[0], lat_deg=at[1], height_m=5.0, azimuth_deg=float(dice.randrange(1, 360))),
        lens=Lens(hfov_deg=80, width_px=1920, height_px=1080, range_m=50),
        gb_id=f"41112211001320{n:03}{k:03}",
        maker="海康威视",
        model="DS-2CD3T26",
        serial=f"E{n:04}X{k:04}Z",
    )


def answer(device: Device) -> DeviceFacts:
    """Return what a device as registered says of itself."""
    assert device.lens is not None
    size = Profile(token="main", width=device.lens.width_px, height=device.lens.height_px)
    return DeviceFacts(
        manufacturer="HIKVISION", model=f"{device.model}WD-L", firmware="V5.5.0", clock_offset_s=0.4,
        serial=f"{device.model}20210101AACH{device.serial}", profiles=(size,),
    )  # fmt: skip


def with_device(patient: Patient, place: int, **changes: Any) -> Patient:
    """Return the patient with one device changed; its answer stays."""
    devices = list(patient.registry.devices)
    devices[place] = replace(devices[place], **changes)
    return replace(patient, registry=replace(patient.registry, devices=tuple(devices)))


def with_mount(patient: Patient, place: int, **changes: Any) -> Patient:
    """Return the patient with one mount changed."""
    mount = patient.registry.devices[place].mount
    assert mount is not None
    return with_device(patient, place, mount=replace(mount, **changes))


def with_answer(patient: Patient, place: int, **changes: Any) -> Patient:
    """Return the patient with one answer changed."""
    device_id = patient.registry.devices[place].id
    return replace(
        patient, answers={**patient.answers, device_id: replace(patient.answers[device_id], **changes)}
    )  # fmt: skip


def shifted(patient: Patient, written: Datum, taken_for: Datum, chosen: Callable[[Device], bool]) -> Patient:
    """Return the patient with the positions of some devices written in one datum and taken for another."""
    rows = [n for n, d in enumerate(patient.registry.devices) if chosen(d)]
    points = np.array([(d.mount.lon_deg, d.mount.lat_deg) for d in patient.registry.devices if d.mount is not None])
    moved = to_wgs84(from_wgs84(points, written), taken_for).round(9)
    devices = list(patient.registry.devices)
    for n in rows:
        mount = devices[n].mount
        assert mount is not None
        devices[n] = replace(
            devices[n], mount=replace(mount, lon_deg=float(moved[n][0]), lat_deg=float(moved[n][1]))
        )  # fmt: skip
    return replace(patient, registry=replace(patient.registry, devices=tuple(devices)))
