"""Where a register lives: beside the configuration that names it, each version kept, each change whole or not at all.

`register.yaml` is written anew beside itself, flushed to disk and renamed. Before that the versions it replaces are put
into `register.yaml.history/NNNN/` with who did it, when, and the digest of the file that was handed in. Undo puts those
very bytes back. One process at a time: a lock on `register.yaml.lock`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from camkeeper.clock import Clock
from camkeeper.config.document import UnreadableError, decode, parse

DEFAULT_NAME: Final = "register.yaml"
_META = "about.json"
_UNDONE = "undone.json"
_CONFIG, _REGISTER = "config.before", "register.before"


class StoreRefused(Exception):  # noqa: N818 - it reads as what it is
    """A step that was not taken; both sentences are for people."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One entry of the history."""

    number: int
    at_ms: int
    by: str
    source: str
    """Name of the file that was handed in."""
    source_sha256: str
    added: int
    changed: int
    removed: int
    undone_ms: int | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The two files as they were when a plan was made."""

    config: bytes
    register: bytes | None
    name: str
    """The register's, as the configuration has it or would have it."""
    named: bool
    """False: the configuration does not name it yet."""


class Store:
    """The files of one configuration."""

    def __init__(self, config: Path) -> None:
        self.config = config

    def base(self) -> Base:
        """Return the files as they are; OSError, UnreadableError where the configuration cannot be read."""
        data = self.config.read_bytes()
        root = parse(str(self.config), decode(data)).root
        names = root.get("registers") if isinstance(root, dict) else None
        name = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else DEFAULT_NAME
        path = self.config.parent / name
        named = bool(names)
        return Base(config=data, register=path.read_bytes() if path.exists() else None, name=name, named=named)

    def apply(
        self, base: Base, register: bytes, *, by: str, clock: Clock, source: str, digest: str, counts: Mapping[str, int]
    ) -> Version:
        """Put a new register in place; StoreRefused where something changed since `base`."""
        with self._locked(base.name):
            if self.base() != base:
                raise StoreRefused(
                    "配置或登记簿在此期间已被改动，请重新预览", "the files changed meanwhile; look again"
                )
            number = max((v.number for v in self.history()), default=0) + 1
            config = base.config if base.named else with_line(base.config, base.name)
            about = {
                "number": number,
                "at_ms": clock.wall_ms(),
                "by": by,
                "source": source,
                "source_sha256": digest,
                **counts,
                "register_sha256": _sha(register),
                "config_sha256": None if base.named else _sha(config),
            }
            self._keep(self._folder(base.name) / f"{number:04d}", base, about)
            _write(self.config.parent / base.name, register)
            if not base.named:
                _write(self.config, config)
            return _version(about, {})

    def undo(self, *, by: str, clock: Clock) -> Version:
        """Put back what stood before the newest change that stands; StoreRefused where there is none, or it moved."""
        with self._locked(self.base().name):
            base = self.base()
            standing = [v for v in self.history() if v.undone_ms is None]
            if not standing:
                raise StoreRefused("没有可以撤销的导入", "there is nothing to undo")
            place = self._folder(base.name) / f"{standing[-1].number:04d}"
            about = json.loads((place / _META).read_text(encoding="utf-8"))
            if base.register is None or _sha(base.register) != about["register_sha256"]:
                raise StoreRefused(
                    "登记簿在导入之后被改动，不能撤销", "the register was changed since; it is not undone"
                )
            if about["config_sha256"] is not None:
                if _sha(base.config) != about["config_sha256"]:
                    raise StoreRefused(
                        "配置文件在导入之后被改动，不能逐字节恢复", "the configuration was changed since; not undone"
                    )
                # First the file that names the other: a reader in between finds both or neither.
                _write(self.config, (place / _CONFIG).read_bytes())
            before, path = place / _REGISTER, self.config.parent / base.name
            if before.exists():
                _write(path, before.read_bytes())
            else:
                path.unlink()
                _flush(path.parent)
            undone = {"undone_ms": clock.wall_ms(), "undone_by": by}
            _write(place / _UNDONE, json.dumps(undone).encode())
            return _version(about, undone)

    def history(self) -> tuple[Version, ...]:
        """Return every change, oldest first."""
        folder = self._folder(self.base().name)
        out = []
        for place in sorted(folder.glob("[0-9][0-9][0-9][0-9]*")) if folder.is_dir() else ():
            try:
                about = json.loads((place / _META).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue  # power was lost while it was being kept: nothing was changed then
            undone = place / _UNDONE
            out.append(_version(about, json.loads(undone.read_text(encoding="utf-8")) if undone.exists() else {}))
        return tuple(out)

    def mapping(self, fingerprint: str) -> dict[str, str]:
        """Return what was said of a register with these headings."""
        found = self._mappings().get(fingerprint)
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    def remember(self, fingerprint: str, mapping: Mapping[str, str]) -> None:
        """Keep what was said of a register with these headings."""
        path = self._mapping_path()
        known = {**self._mappings(), fingerprint: dict(mapping)}
        _write(path, json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True).encode())

    def _mappings(self) -> dict[str, Any]:
        try:
            found = json.loads(self._mapping_path().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _mapping_path(self) -> Path:
        return self.config.parent / f"{self.base().name}.columns.json"

    def _folder(self, name: str) -> Path:
        return self.config.parent / f"{name}.history"

    def _keep(self, place: Path, base: Base, about: Mapping[str, Any]) -> None:
        place.mkdir(parents=True, exist_ok=True)
        if base.register is not None:
            _write(place / _REGISTER, base.register)
        if not base.named:
            _write(place / _CONFIG, base.config)
        _write(place / _META, json.dumps(about, ensure_ascii=False).encode())
        _flush(place.parent)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self.config.parent / f"{name}.lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StoreRefused("另一个导入正在进行", "another import is under way") from None
            yield


def with_line(config: bytes, name: str) -> bytes:
    """Return the configuration with a line that names the register; all before it is as it was."""
    ends = b"" if config.endswith(b"\n") or not config else b"\n"
    return config + ends + f"registers: [{name}]\n".encode()


def base_or_refused(store: Store) -> Base:
    """Return the files as they are; StoreRefused with the reason where they cannot be read."""
    try:
        return store.base()
    except UnreadableError as error:
        raise StoreRefused(f"{store.config}：{error.zh}", f"{store.config}: {error.en}") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StoreRefused(f"读不到 {store.config}（{why}）", f"{store.config} cannot be read: {why}") from None


def _version(about: Mapping[str, Any], undone: Mapping[str, Any]) -> Version:
    names = ("number", "at_ms", "by", "source", "source_sha256", "added", "changed", "removed")
    return Version(**{name: about[name] for name in names}, **undone)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Replace a file as a whole; its mode stays."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        if path.exists():
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _flush(path.parent)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
