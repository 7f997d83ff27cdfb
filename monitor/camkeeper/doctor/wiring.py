"""Checks of what things hang on, who looks after them, and from where we look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from camkeeper.doctor.finding import Check, Finding, Severity, Sureness
from camkeeper.doctor.patient import Patient
from camkeeper.doctor.places import listed
from camkeeper.model.equipment import LinkKind
from camkeeper.model.place import SiteKind

FEWEST_SHARING: Final = 20
"""Below this one password is what a campus can handle."""


def credential(patient: Patient) -> Iterator[Finding]:
    """Yield a finding where every device that wants one has the same user and password."""
    having = [d for d in patient.registry.devices if d.credential_id is not None]
    by_id = patient.registry.credential_by_id
    secrets = {(by_id[d.credential_id].user, by_id[d.credential_id].secret_ref) for d in having if d.credential_id}
    if len(having) >= FEWEST_SHARING and len(secrets) == 1:
        ids = sorted({d.credential_id for d in having if d.credential_id})
        yield Finding(
            check=Check.CREDENTIAL,
            subject=ids[0],
            severity=Severity.ADVICE,
            sureness=Sureness.PROVEN,
            zh=f"{len(having)} 台设备共用凭据 {listed(ids)}：一处泄露，全镇失守",
            en=f"{len(having)} devices share the credential {listed(ids)}: whoever learns it has them all",
            numbers={"devices": len(having)},
            advice_zh="按村或按维保单位分开",
            advice_en="one for each village or contractor",
        )


def no_camera(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each village with no camera in it or below."""
    registry = patient.registry
    seen = {i for site_id in patient.cameras_by_site for i in registry.ancestry(site_id)}
    for site in registry.sites:
        if site.kind is SiteKind.VILLAGE and site.id not in seen:
            yield Finding(
                check=Check.NO_CAMERA,
                subject=site.id,
                severity=Severity.MINOR,
                sureness=Sureness.PROVEN,
                zh=f"{site.name} 没有登记任何摄像机",
                en=f"{site.name} has no camera registered",
                site_ids=(site.id,),
                advice_zh="补登，或说明该村尚未建设",
                advice_en="register them, or say that none was built there",
            )


def no_link(patient: Patient) -> Iterator[Finding]:
    """Yield a finding a place for cameras that hang on nothing: their outages cannot be told as one."""
    if not patient.registry.links:
        return
    for site_id, cameras in patient.cameras_by_site.items():
        found = sorted((d for d in cameras if d.link_id is None), key=lambda d: d.id)
        if found:
            name, who = patient.site_name(site_id), listed(d.name for d in found)
            yield Finding(
                check=Check.NO_LINK,
                subject=site_id,
                severity=Severity.ADVICE,
                sureness=Sureness.PROVEN,
                zh=f"{name} 有 {len(found)} 台没有登记链路：{who}",
                en=f"{len(found)} cameras of {name} hang on no link: {who}",
                device_ids=tuple(d.id for d in found),
                site_ids=(site_id,),
                numbers={"devices": len(found)},
                advice_zh="补登所在的杆或交换机，成片断线才能合成一件事",
                advice_en="name pole or switch: only then is a common outage told as one",
            )


def idle_link(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each link that no device depends on, at any distance."""
    registry = patient.registry
    used: set[str] = set()
    for device in registry.devices:
        used.update(link.id for link in registry.upstream(device))
    for link in registry.links:
        if link.id not in used:
            yield Finding(
                check=Check.IDLE_LINK,
                subject=link.id,
                severity=Severity.ADVICE,
                sureness=Sureness.PROVEN,
                zh=f"链路 {link.name}（{link.id}）下没有设备",
                en=f"nothing hangs on the link {link.name} ({link.id})",
                advice_zh="删去，或把设备挂上去",
                advice_en="remove it, or hang devices on it",
            )


def idle_contractor(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each contractor that no device is given to."""
    busy = Counter(d.contractor_id for d in patient.registry.devices)
    for firm in patient.registry.contractors:
        if not busy[firm.id]:
            yield Finding(
                check=Check.IDLE_CONTRACTOR,
                subject=firm.id,
                severity=Severity.ADVICE,
                sureness=Sureness.PROVEN,
                zh=f"维保单位 {firm.name}（{firm.id}）名下没有设备",
                en=f"no device is given to the contractor {firm.name} ({firm.id})",
                advice_zh="删去，或补登设备的维保单位",
                advice_en="remove it, or say which devices are its",
            )


def uplink(patient: Patient) -> Iterator[Finding]:
    """Yield a finding where our own outage would look like the devices'."""
    registry = patient.registry
    if not registry.uplinks:
        yield Finding(
            check=Check.UPLINK,
            subject="none",
            severity=Severity.MINOR,
            sureness=Sureness.PROVEN,
            zh="没有登记上行链路与信标：监测端自己断网时，设备会被判为离线",
            en="no uplink and no beacon: when the monitor itself is cut off, devices look down",
            advice_zh="为每条运营商线路登记一个本方信标",
            advice_en="name a beacon of our own for each operator's line",
        )
        return
    if any(not u.line_ids for u in registry.uplinks):
        return
    covered = frozenset().union(*(u.line_ids for u in registry.uplinks))
    for line in registry.links:
        if line.kind is LinkKind.OPERATOR_LINE and line.id not in covered:
            behind = [d for d in registry.devices if (own := registry.line_of(d)) is not None and own.id == line.id]
            if behind:
                yield Finding(
                    check=Check.UPLINK,
                    subject=line.id,
                    severity=Severity.MINOR,
                    sureness=Sureness.PROVEN,
                    zh=f"线路 {line.name} 后有 {len(behind)} 台设备，却没有上行信标",
                    en=f"{len(behind)} devices lie behind {line.name}, and no uplink has a beacon for it",
                    numbers={"devices": len(behind)},
                    advice_zh="在 uplinks 里加上这条线路",
                    advice_en="add the line to an uplink",
                )
