"""Checks of what may be given once only: ids, addresses, GB/T 28181 ids, serial numbers, names within a place."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator

from camkeeper.doctor.finding import Check, Finding, Severity, Sureness
from camkeeper.doctor.patient import Patient
from camkeeper.doctor.places import listed
from camkeeper.doctor.same import serial
from camkeeper.model.equipment import Device, DeviceKind
from camkeeper.register.fields import plain
from camkeeper.register.gbid import is_id, region_fault, type_fault
from camkeeper.register.known import Known


def _sets(
    devices: Iterable[Device], key: Callable[[Device], Hashable | None]
) -> Iterator[tuple[Hashable, list[Device]]]:
    found: dict[Hashable, list[Device]] = defaultdict(list)
    for device in devices:
        value = key(device)
        if value is not None:
            found[value].append(device)
    return ((value, sorted(them, key=lambda d: d.id)) for value, them in found.items() if len(them) > 1)


def host(device: Device) -> str:
    """Return a host as one spelling: 10.1.2.3 and 010.001.002.003 are one address, names are without case."""
    text = device.address.host.strip().lower().rstrip(".")
    parts = text.split(".")
    if len(parts) == 4 and all(p.isdigit() for p in parts):
        return ".".join(str(int(p)) for p in parts)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def id_twin(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each id that several devices have."""
    for value, devices in _sets(patient.registry.devices, lambda d: d.id.strip().casefold()):
        yield _told(
            Check.ID_TWIN, str(value), devices, Severity.SEVERE,
            "同一编号（不分大小写）", "have one id, but for case", "改掉其中一个编号", "give one of them another id",
        )  # fmt: skip


def address_twin(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each host and port that several devices have, however it is spelled."""
    for value, devices in _sets(patient.registry.devices, lambda d: (host(d), d.address.port)):
        at = ":".join(map(str, value)) if isinstance(value, tuple) else str(value)
        yield _told(
            Check.ADDRESS_TWIN, at, devices, Severity.SEVERE, f"同一地址 {at}", f"have one address, {at}",
            "到现场核对各自的 IP", "see on site which address is whose",
        )  # fmt: skip


def gb_twin(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each GB/T 28181 id that several devices have."""
    for value, devices in _sets(patient.registry.devices, lambda d: plain(d.gb_id) if d.gb_id else None):
        yield _told(
            Check.GB_TWIN, str(value), devices, Severity.SEVERE, f"同一国标编号 {value}",
            f"have one GB/T 28181 id, {value}", "到平台核对各自的国标编号", "see on the platform which id is whose",
        )  # fmt: skip


def serial_twin(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each serial number that several devices of different boxes are registered with."""
    for value, devices in _sets(patient.registry.devices, lambda d: serial(d.serial)):
        if len({host(d) for d in devices}) > 1:
            yield _told(
                Check.SERIAL_TWIN, str(value), devices, Severity.MINOR, f"同一序列号 {value}",
                f"have one serial number, {value}", "看设备铭牌", "read the labels",
            )  # fmt: skip


def name_twin(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each name that several cameras of one place have: nobody can tell whose alarm it is."""
    for value, devices in _sets(patient.cameras, lambda d: (d.site_id, plain(d.name).casefold())):
        assert isinstance(value, tuple)  # noqa: S101  (the key above)
        where = patient.site_name(value[0])
        yield _told(
            Check.NAME_TWIN, devices[0].id, devices, Severity.MINOR, f"{where} 里名称相同",
            f"have one name within {where}", "名称里加上杆号或朝向", "add pole or direction to the name",
        )  # fmt: skip


def _told(
    check: Check, subject: str, devices: list[Device], severity: Severity, zh: str, en: str, do_zh: str, do_en: str
) -> Finding:
    who = listed(f"{d.name}（{d.id}）" for d in devices)
    return Finding(
        check=check,
        subject=subject,
        severity=severity,
        sureness=Sureness.PROVEN,
        zh=f"{who} {zh}",
        en=f"{who} {en}",
        device_ids=tuple(d.id for d in devices),
        site_ids=tuple(sorted({d.site_id for d in devices})),
        numbers={"devices": len(devices)},
        advice_zh=do_zh,
        advice_en=do_en,
    )


def gb_id(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each GB/T 28181 id of another region, or of another type than the device."""
    regions = Known(registry=patient.registry).regions
    for device in patient.registry.devices:
        text = device.gb_id
        if text is None:
            continue
        fault = gb_fault(text, device.kind, regions)
        if fault is not None:
            yield Finding(
                check=Check.GB_ID,
                subject=device.id,
                severity=Severity.MINOR,
                sureness=Sureness.LIKELY,
                zh=f"{device.name}：{fault[0]}（{text}）",
                en=f"{device.name}: {fault[1]} ({text})",
                device_ids=(device.id,),
                site_ids=(device.site_id,),
                numbers={"gb_id": text},
                advice_zh="到平台核对国标编号",
                advice_en="see its id on the platform",
            )


def gb_fault(text: str, kind: DeviceKind, regions: frozenset[str]) -> tuple[str, str] | None:
    """Return what is wrong with an id, in both languages."""
    if not is_id(text):
        return "国标编号不是 20 位数字", "the id has not twenty digits"
    return region_fault(text, regions) or type_fault(text, kind)
