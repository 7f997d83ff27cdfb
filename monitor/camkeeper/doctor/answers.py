"""Checks of what devices answered against what is registered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from camkeeper.doctor.finding import Check, Edit, Finding, Severity, Sureness
from camkeeper.doctor.patient import Patient
from camkeeper.doctor.places import listed
from camkeeper.doctor.same import SHORTEST_SERIAL, same_maker, same_model, same_serial, serial
from camkeeper.doctor.twins import host
from camkeeper.model.equipment import Device
from camkeeper.model.probing import DeviceFacts

CLOCK_S: Final = 60.0
"""A burnt-in time that is off by more is of no use to anybody who asks when."""
_HOUR_S = 3600.0
_PIXELS = 0.9
"""1920 x 1072 of a 1080p sensor is not lower."""
FEWEST_ALIKE: Final = 4


def told(patient: Patient) -> Iterator[tuple[Device, DeviceFacts]]:
    """Yield the devices that said anything, with what they said."""
    for device in patient.registry.devices:
        facts = patient.answers.get(device.id)
        if facts is not None:
            yield device, facts


def _finding(
    check: Check, device: Device, zh: str, en: str, *, registered: str, answered: str, edits: tuple[Edit, ...] = (),
    do: tuple[str, str] = ("", ""), severity: Severity = Severity.MINOR, sureness: Sureness = Sureness.LIKELY,
) -> Finding:  # fmt: skip
    return Finding(
        check=check, subject=device.id, severity=severity, sureness=sureness, zh=zh, en=en, device_ids=(device.id,),
        site_ids=(device.site_id,), numbers={"registered": registered, "answered": answered}, edits=edits,
        advice_zh=do[0], advice_en=do[1],
    )  # fmt: skip


def crossings(patient: Patient) -> dict[str, str]:
    """Return, by device, the other device whose registered serial number answers at its address."""
    # By the last signs: of two numbers that may be one, either ends with the other.
    owners: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for device in patient.registry.devices:
        number = serial(device.serial)
        if number is not None:
            owners[number[-SHORTEST_SERIAL:]].append((number, device.id))
    out = {}
    for device, facts in told(patient):
        own, said = serial(device.serial), serial(facts.serial)
        if said is not None and (own is None or not same_serial(own, said)):
            near = owners.get(said[-SHORTEST_SERIAL:], ())
            others = [i for number, i in near if i != device.id and same_serial(number, said)]
            if len(others) == 1:
                out[device.id] = others[0]
    return out


def crossed(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each device at whose address another registered one answers; pairs are told once."""
    crossing = crossings(patient)
    by_id = patient.registry.device_by_id
    for one, other in crossing.items():
        a, b = by_id[one], by_id[other]
        both = crossing.get(other) == one
        if both and other < one:
            continue
        yield Finding(
            check=Check.CROSSED,
            subject=one,
            severity=Severity.SEVERE,
            sureness=Sureness.PROVEN if both else Sureness.LIKELY,
            zh=f"{a.name} 的地址 {a.address.host} 上应答的是 {b.name} 的序列号 {b.serial}"
            + ("，反之亦然：两台的地址登记反了" if both else ""),
            en=f"at {a.address.host}, the address of {a.name}, answers the serial number {b.serial} of {b.name}"
            + (", and the other way round: their addresses are crossed" if both else ""),
            device_ids=(one, other),
            site_ids=tuple(sorted({a.site_id, b.site_id})),
            numbers={"registered": a.serial, "answered": b.serial, "both": int(both)},
            edits=(_moved(a, b), _moved(b, a)) if both else (),
            advice_zh="对调两台的地址" if both else "到现场核对两台的地址",
            advice_en="exchange their addresses" if both else "see on site which address is whose",
        )


def _moved(device: Device, to: Device) -> Edit:
    a, b = device.address, to.address
    every = (("address.host", a.host, b.host), ("address.port", a.port, b.port),
             ("address.rtsp_port", a.rtsp_port, b.rtsp_port))  # fmt: skip
    return Edit(device_id=device.id, fields=tuple(f for f in every if f[1] != f[2]))


def same_device(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each serial number that answers at several hosts: one device counts twice, another not."""
    found: dict[str, list[Device]] = defaultdict(list)
    for device, facts in told(patient):
        number = serial(facts.serial)
        if number is not None:
            found[number].append(device)
    for number, devices in found.items():
        # Channels of one recorder share its serial number; one host is one box.
        if len({host(d) for d in devices}) > 1:
            who = listed(f"{d.name}（{d.address.host}）" for d in sorted(devices, key=lambda d: d.id))
            yield Finding(
                check=Check.SAME_DEVICE,
                subject=number,
                severity=Severity.SEVERE,
                sureness=Sureness.LIKELY,
                zh=f"{who} 应答同一序列号 {number}：多半是同一台设备",
                en=f"{who} answer with one serial number, {number}: most likely one device",
                device_ids=tuple(sorted(d.id for d in devices)),
                site_ids=tuple(sorted({d.site_id for d in devices})),
                numbers={"answered": number, "devices": len(devices)},
                advice_zh="查地址转换与重复的登记",
                advice_en="look at address translation, and for an entry too many",
            )


def serials(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each device that answers with a serial number nobody registered."""
    crossing = crossings(patient)
    for device, facts in told(patient):
        own, said = serial(device.serial), serial(facts.serial)
        if own is None or said is None or facts.serial is None or same_serial(own, said) or device.id in crossing:
            continue
        yield _finding(
            Check.SERIAL, device, f"{device.name} 登记序列号 {device.serial}，应答 {facts.serial}：多半已换机",
            f"{device.name}: serial number {device.serial} registered, {facts.serial} answers: most likely replaced",
            registered=device.serial, answered=facts.serial,
            edits=(Edit(device_id=device.id, fields=(("serial", device.serial, facts.serial),)),),
            do=(f"改为 {facts.serial}", f"make it {facts.serial}"),
        )  # fmt: skip


def models(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each device that answers with another model."""
    for device, facts in told(patient):
        if device.model and facts.model and not same_model(device.model, facts.model):
            yield _finding(
                Check.MODEL, device, f"{device.name} 登记型号 {device.model}，应答 {facts.model}",
                f"{device.name}: model {device.model} registered, {facts.model} answers",
                registered=device.model, answered=facts.model,
                edits=(Edit(device_id=device.id, fields=(("model", device.model, facts.model),)),),
                do=(f"改为 {facts.model}", f"make it {facts.model}"),
            )  # fmt: skip


def makers(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each device of another known maker."""
    for device, facts in told(patient):
        if device.maker and facts.manufacturer and same_maker(device.maker, facts.manufacturer) is False:
            yield _finding(
                Check.MAKER, device, f"{device.name} 登记厂家 {device.maker}，应答 {facts.manufacturer}",
                f"{device.name}: made by {device.maker} as registered, by {facts.manufacturer} as it says",
                registered=device.maker, answered=facts.manufacturer,
                edits=(Edit(device_id=device.id, fields=(("maker", device.maker, facts.manufacturer),)),),
                do=(f"改为 {facts.manufacturer}", f"make it {facts.manufacturer}"),
            )  # fmt: skip


def largest(facts: DeviceFacts) -> tuple[int, int] | None:
    """Return the largest picture that the device's profiles offer; None where it told of none.

    The snapshot tells nothing: many cameras take it from the sub-stream.
    """
    sizes = [(p.width, p.height) for p in facts.profiles if p.width and p.height]
    return max(((w, h) for w, h in sizes if w and h), key=lambda s: s[0] * s[1], default=None)


def resolution_lower(device: Device, facts: DeviceFacts) -> bool | None:
    """Return whether a device offers clearly fewer pixels than registered; None where that isn't known."""
    size = largest(facts)
    if size is None or device.lens is None:
        return None
    return size[0] * size[1] < _PIXELS * device.lens.width_px * device.lens.height_px


def resolution(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each device whose largest profile has clearly fewer pixels than registered."""
    for device, facts in told(patient):
        size, glass = largest(facts), device.lens
        if size is None or glass is None or not resolution_lower(device, facts):
            continue
        was, now = f"{glass.width_px}x{glass.height_px}", f"{size[0]}x{size[1]}"
        fields = (("lens.width_px", glass.width_px, size[0]), ("lens.height_px", glass.height_px, size[1]))
        yield _finding(
            Check.RESOLUTION, device, f"{device.name} 登记 {was}，设备最大只给 {now}：识别距离随之缩短",
            f"{device.name}: {was} registered, the device offers {now} at most: it sees less far",
            registered=was, answered=now, edits=(Edit(device_id=device.id, fields=fields),), sureness=Sureness.PROVEN,
            do=(f"按 {now} 计算覆盖，或把主码流调高", f"reckon with {now}, or set the main stream higher"),
        )  # fmt: skip


def clocks(patient: Patient) -> Iterator[Finding]:
    """Yield a finding a place for clocks that are off by more than a minute."""
    by_site: dict[str, list[tuple[Device, float]]] = defaultdict(list)
    for device, facts in told(patient):
        if facts.clock_offset_s is not None and abs(facts.clock_offset_s) > CLOCK_S:
            by_site[device.site_id].append((device, facts.clock_offset_s))
    for site_id, found in by_site.items():
        found.sort(key=lambda pair: (-abs(pair[1]), pair[0].id))
        worst = found[0][1]
        hours = round(worst / _HOUR_S)
        zone = hours != 0 and abs(worst - hours * _HOUR_S) <= CLOCK_S
        name, who = patient.site_name(site_id), listed(f"{d.name} {offset:+,.0f} s" for d, offset in found)
        yield Finding(
            check=Check.CLOCK,
            subject=site_id,
            severity=Severity.MINOR,
            sureness=Sureness.PROVEN,
            zh=f"{name} 有 {len(found)} 台时钟不准：{who}" + (f"；差整 {hours:+d} 小时，像是时区" if zone else ""),
            en=f"{len(found)} clocks of {name} are wrong: {who}"
            + (f"; off by {hours:+d} hours sharp: a time zone" if zone else ""),
            device_ids=tuple(sorted(d.id for d, _ in found)),
            site_ids=(site_id,),
            numbers={"devices": len(found), "worst_s": round(worst, 1)},
            advice_zh="改时区" if zone else "指向本地 NTP 服务器",
            advice_en="set the time zone" if zone else "let them ask a local NTP server",
        )  # fmt: skip


def firmware(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each model whose devices run different firmware."""
    versions: dict[str, list[tuple[str, Device]]] = defaultdict(list)
    for device, facts in told(patient):
        if facts.model and facts.firmware:
            versions[facts.model.strip()].append((facts.firmware.strip(), device))
    for model, found in versions.items():
        counts = Counter(version for version, _ in found)
        if len(counts) < 2 or len(found) < FEWEST_ALIKE:
            continue
        usual = min(counts, key=lambda v: (-counts[v], v))
        shown = listed(f"{v} × {n}" for v, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
        yield Finding(
            check=Check.FIRMWARE,
            subject=model,
            severity=Severity.ADVICE,
            sureness=Sureness.PROVEN,
            zh=f"型号 {model} 有 {len(counts)} 种固件：{shown}",
            en=f"{len(counts)} firmware versions run on model {model}: {shown}",
            device_ids=tuple(sorted(d.id for v, d in found if v != usual)),
            numbers={"versions": len(counts), "devices": len(found)},
            advice_zh=f"少数的统一到 {usual}，或说明原因",
            advice_en=f"bring the few to {usual}, or know why not",
        )
