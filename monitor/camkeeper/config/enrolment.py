"""What is judged over all devices, lines and policies together."""

from __future__ import annotations

from collections.abc import Mapping

from camkeeper.config.build import accounting
from camkeeper.config.findings import Findings
from camkeeper.config.policies import AccountingEntry, CoverageEntry, JudgeEntry
from camkeeper.config.schema import DeviceEntry, LinkEntry, UplinkEntry
from camkeeper.model.equipment import LADDERS, LinkKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.probing import Rung

_AUTHENTICATED = frozenset({Rung.AUTH, Rung.SNAPSHOT, Rung.RECORDING})


def check_devices(devices: Mapping[int, DeviceEntry], findings: Findings) -> None:
    """Add the faults of addresses, and warn of cameras that cannot be asked for a picture."""
    taken: dict[tuple[str, int], int] = {}
    for place, device in devices.items():
        at = (device.address.host, device.address.port)
        if at in taken:
            first = devices[taken[at]]
            findings.fault(
                ("devices", place, "address"),
                zh=f"{at[0]} 端口 {at[1]} 已登记给 {first.id}",
                en=f"{at[0]} port {at[1]} is enrolled as {first.id} already",
            )
        taken.setdefault(at, place)
        ladder = (device.probe and device.probe.ladder) or LADDERS[device.kind]
        if device.credential is None and not _AUTHENTICATED.isdisjoint(ladder):
            findings.warn(
                ("devices", place),
                zh="没有 credential：需要认证的探测无法进行",
                en="no credential: what wants authentication cannot be asked",
            )


def check_uplinks(uplinks: Mapping[int, UplinkEntry], links: Mapping[int, LinkEntry], findings: Findings) -> None:
    """Add the faults of uplinks: what they stand for is an operator's line."""
    kinds = {link.id: link.kind for link in links.values()}
    for place, uplink in uplinks.items():
        for at, line in enumerate(uplink.lines):
            if kinds.get(line, LinkKind.OPERATOR_LINE) is not LinkKind.OPERATOR_LINE:
                findings.fault(
                    ("uplinks", place, "lines", at),
                    zh=f"{line} 是 {kinds[line]}，不是运营商线路 operator_line",
                    en=f"{line} is a {kinds[line]}, not an operator_line",
                )
    if not uplinks:
        findings.warn(
            ("uplinks",),
            zh="没有登记上行链路：监测端自己断网时，设备会被判为离线",
            en="no uplinks: when the monitor itself is cut off, devices will look down",
        )


def check_accounting(rules: Mapping[int, AccountingEntry], findings: Findings) -> None:
    """Add the faults of accounting rules: one name and version is one rule, everywhere."""
    built_in = {rule.id: rule for rule in DEFAULT_ACCOUNTING}
    seen: set[str] = set()
    for place, entry in rules.items():
        rule, loc = accounting(entry), ("policy", "accounting", place)
        if rule.id in seen:
            findings.fault(loc, zh=f"规则 {rule.id} 重复", en=f"the rule {rule.id} is there twice")
        elif built_in.get(rule.id, rule) != rule:
            findings.fault(
                loc,
                zh=f"{rule.id} 是内置规则且内容不同；请另取名称或提高 version",
                en=f"{rule.id} is a built-in rule and says otherwise; give yours its own name or a higher version",
            )
        seen.add(rule.id)


def check_judge(judge: JudgeEntry, findings: Findings) -> None:
    """Warn of a judging policy that goes by the built-in's name and is not it."""
    if (judge.name, judge.version) == ("default", 1) and judge != JudgeEntry():
        findings.warn(
            ("policy", "judge"),
            zh="判定规则与内置的 default/1 不同；请用 name 另取名称，报表才说得清",
            en="differs from the built-in default/1; give it a name of its own, so that reports can say which",
        )


def check_coverage(coverage: CoverageEntry, findings: Findings) -> None:
    """Warn of a coverage policy that goes by the built-in's name and is not it."""
    if (coverage.name, coverage.version) == ("default", 1) and coverage != CoverageEntry():
        findings.warn(
            ("policy", "coverage"),
            zh="覆盖口径与内置的 default/1 不同；请用 name 另取名称，地图与报表才说得清",
            en="differs from the built-in default/1; give it a name of its own, so that maps and reports can say which",
        )
