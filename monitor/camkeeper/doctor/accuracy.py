"""How right the register is, field by field: only what there was evidence of counts, and the rest is unknown. Pure.

Right: something other than the register says the same. Wrong: something else says otherwise, or it cannot be. A value
that nothing speaks of is neither, however plausible it looks; nor is one that nobody wrote down.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from camkeeper.doctor.answers import resolution_lower
from camkeeper.doctor.datum import INSIDE_M
from camkeeper.doctor.finding import Accuracy, Check, FieldName, Finding, Sureness
from camkeeper.doctor.mounts import azimuth_missing
from camkeeper.doctor.places import Whereabouts
from camkeeper.doctor.plane import NO_AREA
from camkeeper.doctor.same import same_maker, same_model, same_serial, serial
from camkeeper.model.equipment import Device
from camkeeper.model.probing import DeviceFacts

Verdict = bool | None
"""True: right; False: wrong; None: nobody knows."""
_NOTHING = DeviceFacts()
_WRONG: dict[FieldName, tuple[Check, ...]] = {
    FieldName.NAME: (Check.NAME_TWIN,),
    FieldName.POSITION: (
        Check.DATUM, Check.SWAPPED, Check.SLIP, Check.OUTSIDE, Check.IN_BUILDING, Check.POSITION_TWIN,
    ),
    FieldName.ADDRESS: (Check.ADDRESS_TWIN, Check.CROSSED, Check.SAME_DEVICE),
    FieldName.GB_ID: (Check.GB_TWIN, Check.GB_ID),
    FieldName.AZIMUTH: (Check.AZIMUTH,),
    FieldName.HEIGHT: (Check.HEIGHT,),
    FieldName.LENS: (Check.LENS,),
    FieldName.SERIAL: (Check.SERIAL_TWIN,),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The verdicts of one field: by device, for all devices that should have it."""

    field: FieldName
    verdicts: Mapping[str, Verdict]
    missing: frozenset[str]

    def over(self, device_ids: Collection[str] | None = None) -> Accuracy:
        """Return the sums over some devices; None: over all."""
        kept = {i: v for i, v in self.verdicts.items() if device_ids is None or i in device_ids}
        return Accuracy(
            field=self.field,
            devices=len(kept),
            right=sum(v is True for v in kept.values()),
            wrong=sum(v is False for v in kept.values()),
            missing=len(self.missing & kept.keys()),
        )


def sheets(where: Whereabouts, findings: Collection[Finding]) -> tuple[Sheet, ...]:
    """Return the verdicts of every field. `findings`: of all checks."""
    return tuple(_sheet(field, where, [f for f in findings if f.check in _WRONG.get(field, ())]) for field in FieldName)


def _sheet(field: FieldName, where: Whereabouts, findings: Collection[Finding]) -> Sheet:
    patient = where.patient
    # Outside is outside: register and boundary contradict each other, whichever is at fault. Other mere possibilities
    # leave a value unknown.
    wrong = {
        i for f in findings if f.sureness is not Sureness.POSSIBLE or f.check is Check.OUTSIDE for i in f.device_ids
    }
    doubted = {i for f in findings for i in f.device_ids}
    verdicts: dict[str, Verdict] = {}
    missing = set()
    right = _position_right(where) if field is FieldName.POSITION else None
    for device in patient.registry.devices:
        if field in _OF_CAMERAS and not device.kind.has_picture:
            continue
        if _HAS[field](device):
            facts = patient.answers.get(device.id, _NOTHING)
            known = _says(field, device, facts) if right is None else (True if device.id in right else None)
            verdicts[device.id] = False if device.id in wrong else None if device.id in doubted else known
        else:
            verdicts[device.id] = None
            missing.add(device.id)
    return Sheet(field=field, verdicts=verdicts, missing=frozenset(missing))


_OF_CAMERAS = frozenset(
    {FieldName.POSITION, FieldName.GB_ID, FieldName.AZIMUTH, FieldName.HEIGHT, FieldName.LENS, FieldName.RESOLUTION}
)
_HAS: dict[FieldName, Callable[[Device], bool]] = {
    FieldName.NAME: lambda d: bool(d.name),
    FieldName.POSITION: lambda d: d.mount is not None,
    FieldName.ADDRESS: lambda d: bool(d.address.host),
    FieldName.GB_ID: lambda d: d.gb_id is not None,
    FieldName.AZIMUTH: lambda d: d.mount is not None and not azimuth_missing(d),
    FieldName.HEIGHT: lambda d: d.mount is not None and d.mount.height_m is not None,
    FieldName.LENS: lambda d: d.lens is not None,
    FieldName.RESOLUTION: lambda d: d.lens is not None,
    FieldName.MAKER: lambda d: bool(d.maker),
    FieldName.MODEL: lambda d: bool(d.model),
    FieldName.SERIAL: lambda d: bool(d.serial),
    FieldName.LINK: lambda d: d.link_id is not None,
    FieldName.CONTRACTOR: lambda d: d.contractor_id is not None,
}


def _position_right(where: Whereabouts) -> frozenset[str]:
    """Return the devices inside the area of their site: it agrees with the boundary, to as much as that tells."""
    plane = where.plane
    rows: Iterator[tuple[int, Device]] = iter(enumerate(plane.devices))
    return frozenset(
        d.id for n, d in rows if plane.own[n] != NO_AREA and plane.outside_now_m[n] <= INSIDE_M
    )  # fmt: skip


def _says(field: FieldName, device: Device, facts: DeviceFacts) -> Verdict:
    """Return what the device's own answer says of a field that is written down."""
    if field is FieldName.MAKER:
        return same_maker(device.maker, facts.manufacturer) if facts.manufacturer else None
    if field is FieldName.MODEL:
        return same_model(device.model, facts.model) if facts.model else None
    if field is FieldName.RESOLUTION:
        lower = resolution_lower(device, facts)
        return None if lower is None else not lower
    own, said = serial(device.serial), serial(facts.serial)
    agrees = None if own is None or said is None else same_serial(own, said)
    if field is FieldName.SERIAL:
        return agrees
    # Only a serial number that agrees proves that it is this device which answers at its address.
    return agrees or None if field is FieldName.ADDRESS else None
