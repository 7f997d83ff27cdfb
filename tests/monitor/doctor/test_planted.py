"""Each fault, planted alone in a township without any, is told: that very finding and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from shapely.geometry import box
from tests.monitor.doctor.township import lon_lat, township, with_answer, with_device, with_mount

from camcover.optics import Lens
from camkeeper.doctor.examine import examine
from camkeeper.doctor.finding import Finding, Severity
from camkeeper.doctor.patient import Building, Patient
from camkeeper.model.contract import Contractor
from camkeeper.model.equipment import Address, Device, Link, LinkKind
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.probing import Profile

Plant = Callable[[Patient], Patient]


def device(patient: Patient, place: int) -> Device:
    return patient.registry.devices[place]


def _registry(patient: Patient, **changes: object) -> Patient:
    return replace(patient, registry=replace(patient.registry, **changes))  # type: ignore[arg-type]


def _swapped(p: Patient) -> Patient:
    mount = device(p, 0).mount
    assert mount is not None
    return with_mount(p, 0, lon_deg=mount.lat_deg, lat_deg=mount.lon_deg)


def _of(p: Patient, key: str) -> float:
    return float(getattr(device(p, 0).mount, key))


def _east(p: Patient) -> Patient:
    """Move the first camera into the village to the east."""
    lon, lat = lon_lat(2400, 800, (80.0, 41.0))
    return with_mount(p, 0, lon_deg=lon, lat_deg=lat)


def _twin(p: Patient) -> Patient:
    mount = device(p, 0).mount
    assert mount is not None
    return with_mount(p, 1, lon_deg=mount.lon_deg, lat_deg=mount.lat_deg, azimuth_deg=mount.azimuth_deg)


def _built(p: Patient) -> Patient:
    lon, lat = _of(p, "lon_deg"), _of(p, "lat_deg")
    return replace(p, buildings=(Building("b1", box(lon - 2e-4, lat - 1e-4, lon + 1e-4, lat + 1e-4), 8.0),))


def _crossed(p: Patient) -> Patient:
    a, b = (p.answers[device(p, n).id].serial for n in (0, 7))
    return with_answer(with_answer(p, 0, serial=b), 7, serial=a)


def _address(p: Patient) -> Patient:
    return with_device(p, 1, address=Address(host="010.0.0.001"))


def _village(p: Patient) -> Patient:
    ring = tuple(lon_lat(x, y, (80.0, 41.0)) for x, y in ((-2000, 0), (-100, 0), (-100, 1600), (-2000, 1600)))
    empty = Site(id="empty", name="空村", kind=SiteKind.VILLAGE, timezone="Asia/Shanghai", target_bp=9500,
                 parent_id="town", boundary=ring)  # fmt: skip
    return _registry(p, sites=(*p.registry.sites, empty))


def _shared(p: Patient) -> Patient:
    return _registry(p, devices=tuple(replace(d, credential_id="even") for d in p.registry.devices))


def _idle(p: Patient) -> Patient:
    return _registry(p, links=(*p.registry.links, Link(id="idle", name="空杆", kind=LinkKind.POLE, upstream_id="line")))


PLANTED: dict[str, Plant] = {
    "swapped:v000-000": _swapped,
    "slip:v000-000 sign": lambda p: with_mount(p, 0, lat_deg=-_of(p, "lat_deg")),
    "slip:v000-000 decimal": lambda p: with_mount(p, 0, lon_deg=_of(p, "lon_deg") / 10),
    "outside:v000-000": _east,
    "position-twin:v000-000": _twin,
    "in-building:v000-000": _built,
    "id-twin:v000-000": lambda p: with_device(p, 1, id="V000-000"),
    "address-twin:10.0.0.1:80": _address,
    "gb-twin:41112211001320000000": lambda p: with_device(p, 8, gb_id=device(p, 0).gb_id),
    "serial-twin:e0000x0000z": lambda p: with_device(replace(p, answers={}), 8, serial=device(p, 0).serial),
    "name-twin:v000-000": lambda p: with_device(p, 1, name=device(p, 0).name),
    "gb-id:v000-000": lambda p: with_device(p, 0, gb_id="41112211002150000000"),
    "no-position:v000": lambda p: with_device(p, 0, mount=None),
    "azimuth:v000": lambda p: with_mount(p, 0, azimuth_deg=None),
    "height:v000": lambda p: with_mount(p, 0, height_m=None),
    "height:v000-000": lambda p: with_mount(p, 0, height_m=450.0),
    "lens:v000": lambda p: with_device(p, 0, lens=None),
    "lens:v000-000": lambda p: with_device(p, 0, lens=Lens(hfov_deg=1.0, width_px=1920, height_px=1080, range_m=400.0)),
    "blind:v000-000": lambda p: with_mount(p, 0, tilt_deg=-60.0),
    "crossed:v000-000": _crossed,
    "same-device:elsewhere99": lambda p: with_answer(
        with_answer(with_device(with_device(p, 0, serial=""), 8, serial=""), 0, serial="ELSEWHERE99"),
        8,
        serial="ELSEWHERE99",
    ),
    "serial:v000-000": lambda p: with_answer(p, 0, serial="ZZTOP99887"),
    "model:v000-000": lambda p: with_answer(p, 0, model="IPC-HFW4433"),
    "maker:v000-000": lambda p: with_answer(p, 0, manufacturer="Dahua"),
    "resolution:v000-000": lambda p: with_answer(p, 0, profiles=(Profile(token="m", width=1280, height=720),)),
    "clock:v000": lambda p: with_answer(p, 0, clock_offset_s=8 * 3600.0),
    "firmware:DS-2CD3T26WD-L": lambda p: with_answer(p, 0, firmware="V5.4.1"),
    "credential:even": _shared,
    "no-camera:empty": _village,
    "no-link:v000": lambda p: with_device(p, 0, link_id=None),
    "idle-link:idle": _idle,
    "idle-contractor:idle": lambda p: _registry(
        p, contractors=(*p.registry.contractors, Contractor(id="idle", name="闲单位"))
    ),
    "uplink:none": lambda p: _registry(p, uplinks=()),
    "uplink:line": lambda p: _registry(
        p, uplinks=tuple(replace(u, line_ids=frozenset({"other"})) for u in p.registry.uplinks)
    ),
}


def found(patient: Patient) -> tuple[Finding, ...]:
    return examine(patient).findings


# In the west of the country swapped positions are still on the globe.
CLEAN = township(11, middle=(80.0, 41.0))


@pytest.mark.parametrize("name", PLANTED)
def test_the_planted_fault_is_told_and_no_other(name: str) -> None:
    assert not found(CLEAN)
    told = found(PLANTED[name](CLEAN))
    assert [f.id for f in told] == [name.partition(" ")[0]]
    only = told[0]
    assert all((only.zh, only.en, only.advice_zh, only.advice_en))
    assert only.severity is not Severity.SEVERE or only.device_ids


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_proposed_mends_it(name: str) -> None:
    sick = PLANTED[name](CLEAN)
    edits = {(e.device_id, key): new for f in found(sick) for e in f.edits for key, _, new in e.fields}
    devices = []
    for one in sick.registry.devices:
        changed = one
        for (device_id, key), new in edits.items():
            group, _, inner = key.partition(".")
            if device_id == one.id and inner:
                changed = replace(changed, **{group: replace(getattr(changed, group), **{inner: new})})
            elif device_id == one.id:
                changed = replace(changed, **{"site_id" if key == "site" else key: new})
        devices.append(changed)
    if edits:
        answers = {i: f for i, f in sick.answers.items() if "crossed" not in name}
        well = replace(sick, registry=replace(sick.registry, devices=tuple(devices)), answers=answers)
        assert not found(well)


def test_a_crossed_pair_is_put_right_by_exchanging_addresses() -> None:
    only = found(_crossed(CLEAN))[0]
    a, b = device(CLEAN, 0), device(CLEAN, 7)
    hosts = {e.device_id: {k: new for k, _, new in e.fields}["address.host"] for e in only.edits}
    assert hosts == {a.id: b.address.host, b.id: a.address.host}


def test_channels_of_one_recorder_share_its_serial_number() -> None:
    patient = CLEAN
    for place in (0, 1, 2):
        patient = with_device(patient, place, serial="", address=Address(host="10.9.9.9", port=8000 + place))
        patient = with_answer(patient, place, serial="NVR1234567")
    assert not found(patient)
