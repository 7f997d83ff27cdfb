"""One refused credential latches: it is not tried again until it changes, or an operator says so.

Cameras lock the asking address out after 5 to 7 failures (Hikvision: 30 minutes), and then the monitor itself has
made the outage. What was refused is remembered by a fingerprint under a key of its own: neither file has a password.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from camkeeper.model.probing import Rung, Verdict

_VERSION: Final = 1


class LatchFileError(ValueError):
    """The file of latches cannot be read. Going on without it could lock cameras: this is told, not survived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latch:
    """One refusal. Scope AUTH closes every authenticated rung, another scope only its own."""

    device_id: str
    scope: Rung
    fingerprint: str
    cause: Verdict
    """AUTH_REFUSED, or CLOCK_SKEW: then one more attempt is due once the device's clock is right."""
    at_ms: int
    detail: str = ""


class LatchStore(Protocol):
    """Where refusals are kept. `put` returns when the latch holds against a restart."""

    def fingerprint(self, user: str, password: str) -> str:
        """Return what stands for a credential; the same store gives the same answer after a restart."""
        ...

    def get(self, device_id: str, scope: Rung) -> Latch | None:
        """Return the latch, if there is one."""
        ...

    def put(self, latch: Latch) -> None:
        """Remember a refusal. Raises OSError where it cannot be stored."""
        ...

    def remove(self, device_id: str, scope: Rung | None = None) -> bool:
        """Forget a device's latches, or one of them; return whether there was any."""
        ...


class MemoryLatches:
    """Latches that end with the process: for a single probe by a person, who is the operator."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._latches: dict[tuple[str, Rung], Latch] = {}

    def fingerprint(self, user: str, password: str) -> str:
        """Return the keyed hash of a credential."""
        return fingerprint_of(self._key, user, password)

    def get(self, device_id: str, scope: Rung) -> Latch | None:
        """Return the latch, if there is one."""
        return self._latches.get((device_id, scope))

    def put(self, latch: Latch) -> None:
        """Remember a refusal."""
        self._latches[latch.device_id, latch.scope] = latch

    def remove(self, device_id: str, scope: Rung | None = None) -> bool:
        """Forget a device's latches, or one of them; return whether there was any."""
        gone = [k for k in self._latches if k[0] == device_id and scope in {None, k[1]}]
        for key in gone:
            del self._latches[key]
        return bool(gone)


class FileLatches:
    """Latches in a JSON file, replaced atomically; the key of the fingerprints lies beside it, mode 0600.

    Another process (an operator's command) may change the file: it is looked at before each use, and written under a
    lock.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one, and the key, or make one. Raises LatchFileError, OSError."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._key = _key(path.with_suffix(".key"))
        self._seen: tuple[int, int, int] | None = None
        self._latches: Mapping[tuple[str, Rung], Latch] = {}
        self._unsaved: dict[tuple[str, Rung], Latch] = {}
        """Latches that the disk would not take: they hold in this process at least."""
        self._refresh()

    @property
    def key(self) -> bytes:
        """The key of the fingerprints: a secret, for who shares these latches."""
        return self._key

    def fingerprint(self, user: str, password: str) -> str:
        """Return the keyed hash of a credential."""
        return fingerprint_of(self._key, user, password)

    def get(self, device_id: str, scope: Rung) -> Latch | None:
        """Return the latch, if there is one. Where the file became unreadable, the latches known before still hold."""
        with suppress(LatchFileError):
            self._refresh()
        return self._unsaved.get((device_id, scope)) or self._latches.get((device_id, scope))

    def all(self) -> tuple[Latch, ...]:
        """Return every latch, by device and scope. Raises LatchFileError, OSError."""
        self._refresh()
        known = {**self._latches, **self._unsaved}
        return tuple(known[key] for key in sorted(known))

    def put(self, latch: Latch) -> None:
        """Remember a refusal; on disk when this returns. Raises OSError. Replaces a file that became unreadable."""
        # Refusals come in bunches, each in a thread of its own: one must not clear, or write over, another's.
        self._unsaved[latch.device_id, latch.scope] = latch
        with self._locked() as stored:
            unsaved = dict(self._unsaved)
            self._write({**stored, **unsaved})
            for key, saved in unsaved.items():
                if self._unsaved.get(key) is saved:
                    self._unsaved.pop(key, None)

    def remove(self, device_id: str, scope: Rung | None = None) -> bool:
        """Forget a device's latches, or one of them; return whether there was any. Raises OSError."""
        unsaved = [k for k in self._unsaved if k[0] == device_id and scope in {None, k[1]}]
        for key in unsaved:
            del self._unsaved[key]
        with self._locked() as stored:
            kept = {k: v for k, v in stored.items() if k[0] != device_id or scope not in {None, k[1]}}
            if len(kept) == len(stored):
                return bool(unsaved)
            self._write(kept)
            return True

    @contextmanager
    def _locked(self) -> Iterator[Mapping[tuple[str, Rung], Latch]]:
        """Keep others out, and give what is on disk now; where that can't be read, what was known before."""
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            stored = self._latches
            with suppress(LatchFileError):
                stored = _parse(self._path) if self._path.exists() else {}
            yield stored

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._latches = None, {}
            return
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._seen:
            self._latches = _parse(self._path)
            self._seen = seen

    def _write(self, latches: Mapping[tuple[str, Rung], Latch]) -> None:
        rows = [asdict(latch) for _, latch in sorted(latches.items())]
        text = json.dumps({"version": _VERSION, "latches": rows}, ensure_ascii=False, indent=1)
        fresh = self._path.with_suffix(".new")
        _store(fresh, text.encode())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._seen = None
        self._refresh()


def _parse(path: Path) -> dict[tuple[str, Rung], Latch]:
    try:
        stored: Any = json.loads(path.read_text(encoding="utf-8"))
        if stored["version"] != _VERSION:
            raise LatchFileError(f"{path}: version {stored['version']} is not {_VERSION}")
        latches = [
            Latch(**{**row, "scope": Rung(row["scope"]), "cause": Verdict(row["cause"])}) for row in stored["latches"]
        ]
    except (ValueError, TypeError, LookupError) as error:
        raise LatchFileError(f"{path}: not a file of latches: {error}") from error
    return {(latch.device_id, latch.scope): latch for latch in latches}


def _key(path: Path) -> bytes:
    """Return the key, made at the first use. A lost key makes every credential look changed: one attempt each."""
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}.new")
        _store(fresh, secrets.token_bytes(32))
        # A link, not a rename: where two processes start at once, the first one's key stays.
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    key = path.read_bytes()
    if len(key) != 32:
        raise LatchFileError(f"{path}: not a key of 32 bytes")
    return key


def _store(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def fingerprint_of(key: bytes, user: str, password: str) -> str:
    """Return what stands for a credential among those who have the key."""
    message = len(user.encode()).to_bytes(4, "big") + user.encode() + password.encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
