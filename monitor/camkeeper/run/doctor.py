"""The doctor beside the monitor: examines what is enrolled and what devices answered; mends the register on a word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from camkeeper.clock import Clock
from camkeeper.doctor.bring import batches, buildings
from camkeeper.doctor.examine import Examined, examine
from camkeeper.doctor.mend import mend
from camkeeper.doctor.patient import Building, Patient
from camkeeper.model.cover import ObstacleFile
from camkeeper.model.probing import DeviceFacts
from camkeeper.model.registry import Registry
from camkeeper.register.store import StoreRefused

FRESH_MS = 10_000
"""An examination of the same register is shown again for this long: pages ask more often than facts change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What became of a wish to mend; both sentences are for people."""

    done: bool
    zh: str
    en: str
    number: int | None = None
    """Of the register's history; `camkeeper import undo` takes it back."""


class DoctorRoom:
    """Answers `DoctorSource` of the board. One owner, the event loop; examining and writing are done in threads."""

    def __init__(
        self,
        *,
        config: Path,
        clock: Clock,
        registry: Callable[[], Registry],
        facts: Callable[[], Mapping[str, DeviceFacts]],
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        self._config, self._clock, self._registry = config, clock, registry
        self._facts, self._reload = facts, reload
        self._turn = asyncio.Lock()
        self._made: tuple[Registry, int, Examined] | None = None
        self._buildings: tuple[tuple[ObstacleFile, ...], tuple[Building, ...]] | None = None

    async def examined(self) -> Examined:
        """Return what is odd now, or was a few seconds ago."""
        async with self._turn:
            registry, now_ms = self._registry(), self._clock.elapsed_ms()
            made = self._made
            if made is None or made[0] is not registry or now_ms - made[1] > FRESH_MS:
                found = await asyncio.to_thread(self._examine, registry, dict(self._facts()))
                made = self._made = (registry, now_ms, found)
            return made[2]

    def _examine(self, registry: Registry, facts: Mapping[str, DeviceFacts]) -> Examined:
        if self._buildings is None or self._buildings[0] != registry.obstacles:
            self._buildings = registry.obstacles, buildings(registry)
        answered = {i: f for i, f in facts.items() if f != _NOTHING}
        return examine(
            Patient(
                registry=registry, answers=answered, buildings=self._buildings[1], batches=batches(self._config)
            )
        )  # fmt: skip

    async def mend(self, finding_ids: Sequence[str], *, by: str) -> Mended:
        """Write what these findings propose, and take it into the running monitor."""
        known = (await self.examined()).by_id()
        if not finding_ids or any(i not in known for i in finding_ids):
            return Mended(done=False, zh="这条发现已不存在，请刷新", en="this finding is no more; look again")
        wanted = [known[i] for i in dict.fromkeys(finding_ids)]
        try:
            version = await asyncio.to_thread(mend, self._config, wanted, by=by, clock=self._clock)
        except StoreRefused as refused:
            return Mended(done=False, zh=refused.zh, en=refused.en)
        except OSError as error:
            why = error.strerror or type(error).__name__
            return Mended(done=False, zh=f"登记簿写不了：{why}", en=f"the register cannot be written: {why}")
        await self._reload()
        self._made = None
        return Mended(
            done=True,
            number=version.number,
            zh=f"已改 {version.changed} 台设备（第 {version.number} 次），可用 camkeeper import undo 撤销",
            en=f"{version.changed} devices are changed (number {version.number}); camkeeper import undo takes it back",
        )


_NOTHING = DeviceFacts()
