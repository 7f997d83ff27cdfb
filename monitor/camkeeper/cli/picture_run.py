"""What `camkeeper picture` does: files through the decoding process, one after the other, each a look in time."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from camkeeper.model.picture import Context, Diagnosis, PicturePolicy
from camkeeper.picture.worker import MAX_BYTES, Job, PictureWorker, RefusedError, WorkerError

__all__ = ["ContextError", "Learned", "RefusedError", "Seen", "TooFewError", "WorkerError", "check", "learn", "write"]

LEARN_FRAMES: Final = PicturePolicy().learn_frames
MOST_SHEETS: Final = PicturePolicy().learn_until
"""More pictures than these, evenly taken, make no better baseline, and what lasts in them is sought pair by pair."""


class ContextError(Exception):
    """A baseline of the day for pictures of the night, or the other way round: two in five would alarm for nothing."""

    def __init__(self, learned: str, wanted: str) -> None:
        super().__init__(learned, wanted)
        self.learned = learned
        self.wanted = wanted


class TooFewError(Exception):
    """Too few healthy pictures to learn from."""

    def __init__(self, used: int, dropped: list[Seen]) -> None:
        super().__init__(used)
        self.used = used
        self.dropped = dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One file, and what it shows."""

    path: Path
    diagnosis: Diagnosis

    def json(self) -> dict[str, Any]:
        """Return it as it is printed. Degrees; `moved_deg` grows clockwise, null where nothing was measured."""
        found = self.diagnosis
        return {
            "file": str(self.path),
            "verdict": found.verdict.value,
            "alarms": [alarm.value for alarm in found.alarms],
            "moved_deg": None if found.turn is None else round(found.turn.yaw_deg, 3),
            "moved_error_deg": None if found.turn is None else round(found.turn.error_deg, 3),
            "advisory": list(found.advisory),
            "detail": found.detail,
            "features": {name: round(value, 6) for name, value in found.features.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A baseline, and what it was learned from."""

    baseline: bytes
    used: int
    dropped: list[Seen]
    """Faulty ones, each by itself."""
    strange: int
    """Healthy ones that show something else, or are of another size, than most of them."""

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, hex."""
        return hashlib.sha256(self.baseline).hexdigest()


async def check(
    files: list[Path],
    *,
    baseline: bytes | None,
    context: str | None,
    hfov_deg: float,
    tilt_deg: float = 0.0,
    tick: Callable[[int], None],
) -> list[Seen]:
    """Examine every file. Raises ContextError, RefusedError, WorkerError."""
    seen = []
    before: bytes | None = None
    async with PictureWorker() as worker:
        if baseline is not None:
            learned = (await worker.inspect(baseline)).context.value
            if context is not None and context != learned:
                raise ContextError(learned, context)
        for number, (path, data) in enumerate(_read(files), 1):
            job = Job(
                device_id=str(number),
                data=data,
                baseline=baseline,
                hfov_deg=hfov_deg,
                tilt_deg=tilt_deg,
                before=before,
            )
            found = await worker.examine(job)
            seen.append(Seen(path=path, diagnosis=found.diagnosis))
            before = found.trace or None
            tick(number)
    return seen


async def learn(files: list[Path], *, context: str, tick: Callable[[int], None]) -> Learned:
    """Learn of every file that shows no fault. Raises TooFewError, RefusedError, WorkerError."""
    sheets: list[bytes] = []
    dropped: list[Seen] = []
    before: bytes | None = None
    async with PictureWorker() as worker:
        for number, (path, data) in enumerate(_read(files), 1):
            found = await worker.examine(Job(device_id=str(number), data=data, before=before, learn=True))
            if found.diagnosis.verdict.is_fault or found.sheet is None:
                dropped.append(Seen(path=path, diagnosis=found.diagnosis))
            else:
                sheets.append(found.sheet)
            before = found.trace or None
            tick(number)
        if len(sheets) < LEARN_FRAMES:
            raise TooFewError(len(sheets), dropped)
        kept = _evenly(sheets, MOST_SHEETS)
        baseline = await worker.learn(kept, context=Context(context))
        facts = await worker.inspect(baseline)
        return Learned(baseline=baseline, used=facts.frames, strange=facts.dropped, dropped=dropped)


def write(out: Path, data: bytes) -> None:
    """Put a file there, whole or not at all. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=out.absolute().parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(out)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _read(files: list[Path]) -> Iterator[tuple[Path, bytes]]:
    for path in files:
        with path.open("rb") as file:
            yield path, file.read(MAX_BYTES + 1)


def _evenly(sheets: list[bytes], most: int) -> list[bytes]:
    if len(sheets) <= most:
        return sheets
    return [sheets[number * len(sheets) // most] for number in range(most)]
