"""A county's October of any size: its configuration as YAML, and a ledger that the real writer wrote and closed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.dashboards.report_town import FIRST, TICK_MS
from tests.monitor.run.township import DAY_MS, HOUR_MS, OCTOBER_MS, REASON, ZONE

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, snapshot_of
from camkeeper.model.change import Transition
from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Happening,
    Incident,
    IncidentEvent,
    IncidentState,
    Member,
)
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status

MONTH = FIRST
TOWNS, ACROSS, STEP_DEG = 14, 16, 0.02
SEED = 8
HEAD = """\
name: 东丰县
datum: wgs84
defaults: {site: {target: 95, timezone: Asia/Shanghai}, camera: {lens: {hfov_deg: 84}}}
contractors: [{id: k1, name: 平安运维公司}, {id: k2, name: 惠民网络公司}, {id: k3, name: 宏达科技}]
deductions:
- id: c2026
  total: [{below: 95, yuan: 5000}]
  village: [{below: 95, yuan: 200}, {below: 90, yuan: 400}]
  device: {camera: [{below: 80, yuan: 50}]}
"""


def configuration(villages: int, cameras: int) -> str:
    """Return the YAML of a county: fourteen towns, villages with boundaries, cameras on poles in all of them."""
    lines = [HEAD + "sites:", "- {id: county, name: 东丰县, kind: county}"]
    lines += [f"- {{id: t{n:02d}, name: 第{n + 1}镇, kind: town, parent: county}}" for n in range(TOWNS)]
    for v in range(villages):
        x, y = _corner(v)
        ring = [[x, y], [x + STEP_DEG, y], [x + STEP_DEG, y + STEP_DEG], [x, y + STEP_DEG]]
        text = ", ".join(f"[{lon:.6f}, {lat:.6f}]" for lon, lat in ring)
        lines.append(
            f"- {{id: v{v:03d}, name: 永合第{v + 1}村, kind: village, parent: t{v % TOWNS:02d}, boundary: [{text}]}}"
        )
    lines += ["devices:"]
    for n in range(cameras):
        v = n % villages
        x, y = _corner(v)
        lines.append(
            f"- {{id: cam-{n:05d}, name: 永合第{v + 1}村文化广场北杆 {n // villages + 1} 号, kind: camera, "
            f"site: v{v:03d}, contractor: k{n % 7 % 3 + 1}, address: {{host: 10.{n // 250 % 250}.{n % 250}.1}}, "
            f"mount: {{lon_deg: {x + 0.002 + n // villages * 0.0007:.6f}, lat_deg: {y + 0.01:.6f}, height_m: 5.0, "
            f"azimuth_deg: {n % 360}}}}}"
        )
    lines += ["windows:"]
    for n in range(min(24, villages)):
        day = n % 27 + 1
        lines.append(
            f"- {{id: w{n}, kind: {'exclusion' if n % 2 else 'maintenance'}, "
            f'start: "2026-10-{day:02d}T08:00:00+08:00", '
            f'end: "2026-10-{day:02d}T14:30:00+08:00", reason: 道路施工，光缆迁改, evidence: 会议纪要 {n} 号, '
            f"approver: 县综治中心, sites: [v{n:03d}]}}"
        )
    return "\n".join(lines) + "\n"


def _corner(village: int) -> tuple[float, float]:
    return 125.3 + village % ACROSS * STEP_DEG, 42.5 + village // ACROSS * STEP_DEG


def write_ledger(path: Path, registry: Registry) -> int:
    """Write October and what has passed of November, and close October. Returns the number of changes."""
    changes = sorted(_changes(registry), key=lambda change: (change.at_ms, change.device_id))
    with Ledger.open(path, boot=_boot("b1"), clock=SimulatedClock(wall_ms=OCTOBER_MS)) as ledger:
        lives = tuple(LifeChange(device_id=d.id, at_ms=OCTOBER_MS, enrolled=True) for d in registry.devices)
        ledger.append(Batch(config=snapshot_of(registry), at_ms=OCTOBER_MS, lives=lives)).result(60)
        for n in range(0, len(changes), 4096):
            ledger.append(Batch(transitions=tuple(changes[n : n + 4096]))).result(60)
        ledger.append(Batch(tick_ms=TICK_MS)).result(60)
    downs = [c for c in changes if c.new is Status.DOWN]
    with Ledger.open(path, boot=_boot("b2"), clock=SimulatedClock(wall_ms=TICK_MS)) as ledger:
        for number, change in enumerate(downs[::10], 1):
            ledger.append(Batch(incidents=(_incident(number, change),))).result(60)
        while ledger.roll_up().result(60):
            pass
        ledger.close_month(MONTH, zone=ZONE, by="李主任").result(60)
    return len(changes)


def _boot(boot_id: str) -> Boot:
    return Boot(boot_id=boot_id, version="bench")


def _changes(registry: Registry) -> Iterator[Transition]:
    """Yield some ten faults a camera and month; every ninth camera is bad, by itself below the terms' 80%."""
    rng = random.Random(SEED)
    for n, one in enumerate(registry.devices):
        at_ms, old = OCTOBER_MS + 60_000, Status.UNKNOWN
        bad = 2.5 if n % 9 == 4 else 0.1
        while at_ms < TICK_MS - DAY_MS:
            new = Status.UP if old is not Status.UP else rng.choice((Status.DOWN, Status.DOWN, Status.DEGRADED))
            yield Transition(device_id=one.id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=REASON[new])
            spell = rng.randrange(HOUR_MS, 6 * DAY_MS) if new is Status.UP else int(rng.random() * bad * DAY_MS)
            at_ms, old = at_ms + 60_000 + spell, new


def _incident(number: int, change: Transition) -> IncidentEvent:
    began_ms, end_ms = change.at_ms, change.at_ms + HOUR_MS
    member = Member(
        device_id=change.device_id,
        status=Status.DOWN,
        reason=Reason.NO_ANSWER,
        since_ms=began_ms,
        recovered_ms=end_ms,
    )
    made = Incident(
        id=f"I{number:06d}",
        domain=Domain(kind=DomainKind.DEVICE, id=change.device_id),
        cause=tuple(Cause)[number % 5],
        confidence=Confidence.MEDIUM,
        evidence=(),
        state=IncidentState.RESOLVED,
        began_ms=began_ms,
        held_ms=began_ms,
        opened_ms=began_ms + 90_000,
        resolved_ms=end_ms,
        members={change.device_id: member},
        acknowledged_by="张三",
        acknowledged_ms=began_ms + 690_000,
    )
    return IncidentEvent(at_ms=end_ms, happening=Happening.ACKNOWLEDGED, incident=made, tells=False, by="张三")
