"""The mirror inside the monitor: a thread that follows the configuration, and heartbeats as probes come in.

Probes, records and the board never wait for it: it reads the ledger by a connection of its own, and what goes wrong in
here is a sentence on the board.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from camkeeper.clock import Clock
from camkeeper.config.channels import secret_source
from camkeeper.config.secrets import SecretError
from camkeeper.mirror import Mirror, Ring
from camkeeper.mirror.lines import Fields
from camkeeper.mirror.series import Place, heartbeat_row, monitor_row
from camkeeper.model.equipment import Credential, Device
from camkeeper.model.mirror import InfluxSetting, MirrorStanding
from camkeeper.model.picture import Look
from camkeeper.model.probing import Depth, ProbeResult
from camkeeper.model.registry import Registry
from camkeeper.standing.build import timezone_of

FOLLOW_S = 2.0
"""How often it looks whether the configuration names another server."""
LATE_MS = 900_000
"""Missing for this long, and the board says so."""
SELF_MS = 60_000
"""How often the monitor's own state is mirrored."""
SCORES = {
    "p50": "p50",
    "p99": "p99",
    "noise": "noise",
    "saturated": "saturated",
    "sharpness": "d_sharpness",
    "contrast": "d_contrast",
    "matched": "d_matched",
}
"""What of a look goes into a heartbeat: brightness, highlights, noise, share of burnt-out ground; and against the
camera's own baseline sharpness, contrast, and how much of the scene is still itself."""


class Probes(Protocol):
    """A prober."""

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        """Ask one device."""


class MirrorRoom:
    """One owner, the event loop; the thread belongs to the mirror."""

    def __init__(
        self,
        *,
        ledger: Path,
        registry: Callable[[], Registry],
        clock: Clock,
        look_of: Callable[[str], Look | None] = lambda _: None,
        self_of: Callable[[], Fields] = lambda: (),
    ) -> None:
        """`look_of`: the newest diagnosed picture of a camera; `self_of`: the monitor's own state, empty at first."""
        self._ledger, self._registry, self._clock, self._look_of = ledger, registry, clock, look_of
        self._self_of, self._self_due_ms = self_of, clock.elapsed_ms()
        self._ring = Ring()
        self._mirror: Mirror | None = None
        self._looked: dict[str, int] = {}

    def heard_by(self, prober: Probes) -> Probes:
        """Return a prober that lets the mirror hear what it finds."""
        return _Heard(prober, self._heard)

    def _heard(self, device: Device, result: ProbeResult) -> None:
        if self._mirror is None:
            return
        place = Place(device_id=device.id, site_id=device.site_id, kind=device.kind.value)
        self._ring.put(heartbeat_row(place, result, self._scores(device.id)))

    def _scores(self, device_id: str) -> Mapping[str, float]:
        look = self._look_of(device_id)
        if look is None or self._looked.get(device_id) == look.at_ms:
            return {}
        self._looked[device_id] = look.at_ms
        features = look.diagnosis.features
        return {name: features[feature] for name, feature in SCORES.items() if feature in features}

    def _tell_self(self) -> None:
        if self._clock.elapsed_ms() < self._self_due_ms:
            return
        self._self_due_ms = self._clock.elapsed_ms() + SELF_MS
        if fields := self._self_of():
            self._ring.put(monitor_row(fields, self._clock.wall_ms()))

    async def run(self) -> None:
        """Mirror to the configured server until cancelled; another configuration begins another mirror."""
        while True:
            setting = self._registry().influx
            if setting is None:
                await asyncio.sleep(FOLLOW_S)
                continue
            await self._mirror_to(setting)

    async def _mirror_to(self, setting: InfluxSetting) -> None:
        stop = threading.Event()
        secret = partial(secret_of, setting, Path(self._registry().source).parent)
        self._mirror = mirror = Mirror(
            ledger=self._ledger, setting=setting, secret=secret, clock=self._clock, ring=self._ring
        )
        # A thread of its own and a daemon: a server that keeps a request hanging keeps neither the pool that others
        # share nor the end of the process waiting. Whatever is cut off is written again.
        thread = threading.Thread(target=mirror.run, args=(stop,), name="mirror", daemon=True)
        thread.start()
        try:
            while thread.is_alive() and self._registry().influx == setting:
                self._tell_self()
                await asyncio.sleep(FOLLOW_S)
        finally:
            self._mirror = None
            stop.set()
        while thread.is_alive():  # noqa: ASYNC110 - it holds the sidecar until its request is through
            await asyncio.sleep(0.1)

    def standing(self) -> MirrorStanding | None:
        """Return how the mirror is doing; None where none is configured."""
        return None if self._mirror is None else self._mirror.standing

    @property
    def warnings(self) -> list[str]:
        """What the board says of it."""
        now = self.standing()
        if now is None:
            return []
        return sentences(now, now_ms=self._clock.wall_ms(), tz=timezone_of(self._registry()))


class _Heard:
    def __init__(self, prober: Probes, heard: Callable[[Device, ProbeResult], None]) -> None:
        self._prober, self._heard = prober, heard

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        result = await self._prober.probe(device, credential, depth)
        self._heard(device, result)
        return result


def secret_of(setting: InfluxSetting, base_dir: Path) -> str:
    """Return the token, or `user:password`; empty where none is configured. ValueError in both languages."""
    if not setting.token_ref:
        return ""
    try:
        return secret_source(base_dir)(setting.token_ref)
    except SecretError as error:
        raise ValueError(f"{error.zh} / {error.en}") from error


def sentences(now: MirrorStanding, *, now_ms: int, tz: str) -> list[str]:
    """Return sentences for the board: what is missing since when and why, and what the server refused."""
    out = []
    missing, why = now.behind, f"：{now.error} / " if now.error else " / "
    if missing.since_ms is not None and (now.error or now_ms - missing.since_ms > LATE_MS):
        since = local(missing.since_ms, tz)
        out.append(
            f"InfluxDB 镜像落后 {missing.records} 条记录、{missing.hours} 小时，自 {since} 起；"
            f"账本完整，恢复后自动补齐{why}"
            f"the InfluxDB mirror lacks {missing.records} records and {missing.hours} hours since {since};"
            " the ledger has all, and it catches up by itself"
        )
    elif now.error:
        out.append(f"InfluxDB 镜像{why}the InfluxDB mirror has trouble")
    if now.rejected:
        out.append(
            f"InfluxDB 拒收 {now.rejected} 行，已另存于 .mirror.rejected；排除原因后运行 camkeeper mirror rebuild"
            f" / InfluxDB refused {now.rejected} lines, kept beside the ledger; mend the cause, then mirror rebuild"
        )
    return out


def local(at_ms: int, tz: str) -> str:
    """Return an instant as people there read it."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(tz)).strftime("%Y-%m-%d %H:%M")
