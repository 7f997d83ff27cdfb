"""Where registers are handed in: read in a process of their own, shown, put in place, taken over at once."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final

import structlog

from camkeeper.clock import Clock
from camkeeper.config import ConfigError
from camkeeper.register import process
from camkeeper.register.book import Draft, apply, wishes_json
from camkeeper.register.export import workbook
from camkeeper.register.store import Store, StoreRefused
from camkeeper.register.tagging import is_tagging, tag
from camkeeper.standing.registers import Intake, IntakeState, RegisterTold, Version, Wishes

WALL_S: Final = 180.0
_KEPT: Final = 4
"""Files in memory; the oldest goes."""
_HANDED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")
_log = structlog.get_logger(__name__)


class RegisterRoom:
    """One owner, the event loop. Files and previews live in memory: after a restart they are handed in again."""

    def __init__(
        self,
        *,
        config: Path,
        clock: Clock,
        reload: Callable[[], Awaitable[None]],
        warning: Callable[[], str | None],
    ) -> None:
        """`reload` takes the configuration over; `warning` says why it was not taken."""
        self._config, self._clock, self._reload, self._warning = config, clock, reload, warning
        self._files: OrderedDict[str, tuple[Intake, bytes]] = OrderedDict()
        self._one = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0

    def begin(self, data: bytes, *, name: str, by: str, wishes: Wishes | None = None) -> Intake:
        """Begin to read a file; returns at once."""
        self._count += 1
        given = wishes or Wishes()
        made = Intake(
            id=f"{self._count}-{sha256(data).hexdigest()[:10]}", name=name, size=len(data), by=by, wishes=given
        )
        while len(self._files) >= _KEPT:
            self._files.popitem(last=False)
        self._files[made.id] = made, data
        task = asyncio.create_task(self._read(made.id, data), name="register")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return made

    def again(self, intake_id: str, wishes: Wishes, *, by: str) -> Intake:
        """Read the same file otherwise, under an id of its own; LookupError where it is gone."""
        old, data = self._files.pop(intake_id)
        return self.begin(data, name=old.name, by=by, wishes=wishes)

    def intake(self, intake_id: str) -> Intake | None:
        """Return a file that was handed in; None where it is gone."""
        found = self._files.get(intake_id)
        return None if found is None else found[0]

    def intakes(self) -> tuple[Intake, ...]:
        """Return all of them, newest first."""
        return tuple(intake for intake, _ in reversed(self._files.values()))

    def drop(self, intake_id: str) -> None:
        """Forget a file."""
        self._files.pop(intake_id, None)

    async def apply(self, intake_id: str, *, by: str) -> RegisterTold:
        """Put a draft in place and take it over; returns when both are done, or were refused."""
        found = self.intake(intake_id)
        if found is None or found.draft is None or found.state is not IntakeState.READY:
            return RegisterTold(
                done=False, zh="预览已不在，请重新上传", en="The preview is gone; hand the file in again"
            )
        try:
            version = await asyncio.to_thread(apply, self._config, found.draft, by=by, clock=self._clock)
        except (StoreRefused, OSError) as error:
            return _refused(error)
        self._put(replace(found, state=IntakeState.APPLIED, version=version))
        return await self._taken(
            f"第 {version.number} 次导入已写入并生效："
            f"新增 {version.added}，变更 {version.changed}，撤除 {version.removed}",
            f"Import {version.number} is written and in force: {version.added} added, {version.changed} changed,"
            f" {version.removed} removed",
        )

    async def undo(self, number: int, *, by: str) -> RegisterTold:
        """Take the newest import back, byte for byte; refused where another one is the newest."""
        try:
            standing = [v.number for v in await self.history() if v.undone_ms is None]
            if not standing or standing[-1] != number:
                return RegisterTold(
                    done=False,
                    zh=f"第 {number} 次已不是最近一次导入，请重新查看",
                    en=f"Import {number} is not the newest any more; look again",
                )
            version = await asyncio.to_thread(Store(self._config).undo, by=by, clock=self._clock)
        except (StoreRefused, OSError) as error:
            return _refused(error)
        return await self._taken(
            f"第 {version.number} 次导入（{version.source}）已撤销并生效",
            f"Import {version.number} ({version.source}) is undone, and that is in force",
        )

    async def tag(self, device_ids: Sequence[str], *, on: str, off: str, by: str) -> RegisterTold:
        """Put a label on devices, or take one off, and take that over; `number` is what `untag` takes back."""
        try:
            version = await asyncio.to_thread(tag, self._config, device_ids, on=on, off=off, by=by, clock=self._clock)
        except (StoreRefused, OSError) as error:
            return _refused(error)
        n = version.changed
        told = await self._taken(f"{n} 台设备的标签已更改并生效", f"The labels of {n} devices are changed")
        return replace(told, number=version.number)

    async def untag(self, number: int, *, by: str) -> RegisterTold:
        """Take a change of labels back while it is the newest; whoever may label may not take an import back."""
        try:
            found = next((v for v in await self.history() if v.number == number), None)
        except (StoreRefused, OSError) as error:
            return _refused(error)
        if found is None or not is_tagging(found):
            return RegisterTold(done=False, zh="这一次不是标签的更改", en="That was no change of labels")
        return await self.undo(number, by=by)

    async def history(self) -> tuple[Version, ...]:
        """Return every import, oldest first; OSError, StoreRefused where the configuration cannot be read."""
        return await asyncio.to_thread(Store(self._config).history)

    async def workbook(self) -> bytes:
        """Return the register as XLSX, corrections marked; LookupError where it cannot be read."""
        try:
            return await asyncio.to_thread(workbook, self._config)
        except (ConfigError, StoreRefused) as error:
            raise LookupError(str(error)) from None

    def close(self) -> None:
        """End what is being read."""
        for task in self._tasks:
            task.cancel()

    async def _taken(self, zh: str, en: str) -> RegisterTold:
        await self._reload()
        warning = self._warning()
        if warning is not None:
            zh, en = f"{zh}；但监测端没有采用：{warning}", f"{en}; but the monitor did not take it: {warning}"
        return RegisterTold(done=warning is None, zh=zh, en=en)

    def _put(self, intake: Intake) -> None:
        found = self._files.get(intake.id)
        if found is not None:
            self._files[intake.id] = intake, found[1]

    def _stage(self, intake_id: str, state: IntakeState, rows: int = 0) -> None:
        found = self.intake(intake_id)
        if found is not None and found.working:
            self._put(replace(found, state=state, rows=rows))

    async def _read(self, intake_id: str, data: bytes) -> None:
        async with self._one:
            intake = self.intake(intake_id)
            if intake is None:
                return
            self._stage(intake_id, IntakeState.READING)
            answer = await self._asked(intake, data)
        if isinstance(answer, Draft):
            self._put(replace(intake, state=IntakeState.READY, draft=answer))
        else:
            self._put(replace(intake, state=IntakeState.REFUSED, refused=answer))

    async def _asked(self, intake: Intake, data: bytes) -> Draft | tuple[str, str]:
        environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
        child = await asyncio.create_subprocess_exec(
            sys.executable, *process.PROGRAM, stdin=PIPE, stdout=PIPE, stderr=PIPE,
            env={**environment, **process.ENVIRONMENT},
        )  # fmt: skip
        head = process.request_of(self._config.absolute(), intake.name, wishes_json(intake.wishes))
        try:
            async with asyncio.timeout(WALL_S):
                _, out, _ = await asyncio.gather(
                    _sent(child, head + data), _all_of(child), self._heard(child, intake.id)
                )
                code = await child.wait()
        except TimeoutError:
            return process.TOO_MUCH
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        try:
            answer = process.answer_of(out)
        except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, TypeError, ImportError):
            _log.warning("register_reader_died", code=code, file=intake.name)
            return process.TOO_MUCH if code < 0 else _DIED
        return answer if isinstance(answer, Draft) else (str(answer[0]), str(answer[1]))

    async def _heard(self, child: Process, intake_id: str) -> None:
        """Follow the stages; what else it says is for the log."""
        assert child.stderr is not None  # noqa: S101 - asked for
        while line := await child.stderr.readline():
            word, _, rows = line.decode(errors="replace").strip().partition(" ")
            if word.removeprefix("@") in _STAGES and rows.isdecimal():
                self._stage(intake_id, IntakeState(word.removeprefix("@")), int(rows))
            else:
                _log.info("register_reader", said=line.decode(errors="replace").strip()[:300])


_STAGES: Final = frozenset({"reading", "rows", "judging"})
_DIED: Final = ("处理这个文件时出错，已记入日志", "the file could not be handled; it has been logged")


async def _sent(child: Process, data: bytes) -> None:
    assert child.stdin is not None  # noqa: S101 - asked for
    with suppress(BrokenPipeError, ConnectionResetError):  # it died; its answer tells
        child.stdin.write(data)
        await child.stdin.drain()
    child.stdin.close()


async def _all_of(child: Process) -> bytes:
    assert child.stdout is not None  # noqa: S101 - asked for
    return await child.stdout.read()


def _refused(error: StoreRefused | OSError) -> RegisterTold:
    if isinstance(error, StoreRefused):
        return RegisterTold(done=False, zh=error.zh, en=error.en)
    why = error.strerror or type(error).__name__
    return RegisterTold(
        done=False,
        zh=f"配置文件夹写不了（{why}）：请在服务器上用 camkeeper import 导入",
        en=f"The configuration's folder cannot be written ({why}): use camkeeper import on the server",
    )
