"""What a backup has, what it leaves out and why, and what somebody has to bring by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from camkeeper.access.file import access_beside
from camkeeper.album.schema import album_beside
from camkeeper.crew.settings import CERT, KEY
from camkeeper.crew.settings import FILE as CREW
from camkeeper.ledger.files import files_beside
from camkeeper.model.registry import Registry

FORMAT = "camkeeper backup 1"
MANIFEST = "manifest.json"
DIGEST = "manifest.sha256"
LEDGER = "camkeeper.ledger"
ALBUM = "camkeeper.album"
ACCESS = "camkeeper.access"
FILES = "files/"
CONFIG = "config/"
PRIVATE = "private/"
_LATCHES = ("latches.json", "latches.key")
"""Beside the ledger under its own name; the key makes the refused credentials in them comparable again."""
_OF_EDGE = ("edge.json", CREW, CERT, KEY)
_FORGOTTEN = {
    # Sessions would outlive the machine they were opened on; one-time links are for once.
    ACCESS: ("session", "once"),
    # Pictures are kept for days, a backup for weeks: it must not lengthen their time.
    ALBUM: ("thumbnail", "full_picture"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """The files that a monitor writes while it is copied."""

    ledger: Path
    album: Path
    access: Path


def databases_of(ledger: Path) -> Databases:
    """Return where they are."""
    return Databases(ledger=ledger, album=album_beside(ledger), access=access_beside(ledger))


def forgotten(name: str) -> tuple[str, ...]:
    """Return the tables that are emptied in the copy."""
    return _FORGOTTEN.get(name, ())


def evidence(ledger: Path) -> list[tuple[str, Path]]:
    """Return (name in the backup, file) of everything that was handed in: read after the ledger was copied."""
    folder = files_beside(ledger)
    if not folder.is_dir():
        return []
    return [(f"{FILES}{p.name}", p) for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")]


def private(ledger: Path) -> list[tuple[str, Path]]:
    """Return (name in the backup, file) of what is secret: an edge's own settings, its pollers', refused credentials.

    Only where somebody asked for it: the backup is then as secret as they are.
    """
    folder = ledger.parent
    found = [(name, folder / name) for name in _OF_EDGE]
    found += [(f"crew/{p.name}", p) for p in sorted((folder / "crew").glob("*.json"))]
    found += [(name, ledger.with_suffix(f".{name}")) for name in _LATCHES]
    return [(f"{PRIVATE}{name}", path) for name, path in found if path.is_file()]


def latches_of(ledger: Path) -> dict[str, str]:
    """Return by what names a ledger's latches are restored."""
    return {name: ledger.with_suffix(f".{name}").name for name in _LATCHES}


def configuration(config: Path, registry: Registry | None) -> list[tuple[str, Path]]:
    """Return (name in the backup, file) of the configuration, and of the obstacles that it names beside it."""
    out = [(f"{CONFIG}{config.name}", config)] if config.is_file() else []
    for name in _registers_of(config):
        out.append((f"{CONFIG}{name}", config.parent / name))
        out += [(f"{CONFIG}{path.relative_to(config.parent).as_posix()}", path) for path in _history_of(config, name)]
    for obstacle in registry.obstacles if registry is not None else ():
        path, home = Path(obstacle.path).resolve(), config.parent.resolve()
        if path.is_file() and path.is_relative_to(home):
            out.append((f"{CONFIG}{path.relative_to(home).as_posix()}", path))
    return out


def _registers_of(config: Path) -> list[str]:
    """Return the names of the registers that a configuration lays over its devices, of those beside it."""
    try:
        root = yaml.safe_load(config.read_bytes())
        names = root.get("registers") or [] if isinstance(root, dict) else []
    except (OSError, yaml.YAMLError):
        return []
    home = config.parent.resolve()
    return [
        n for n in names if isinstance(n, str) and (home / n).resolve().is_relative_to(home) and (home / n).is_file()
    ]


def _history_of(config: Path, name: str) -> list[Path]:
    """Return what an import keeps of a register: the versions that undo puts back, and what its headings mean."""
    kept = config.parent / f"{name}.history"
    columns = config.parent / f"{name}.columns.json"
    found = sorted(p for p in kept.rglob("*") if p.is_file() and not p.name.startswith(".")) if kept.is_dir() else []
    return [*found, *([columns] if columns.is_file() else [])]


def by_hand(registry: Registry | None, left_out: Sequence[str] = ()) -> list[str]:
    """Return what the new machine wants besides, in both languages, each a line. `left_out`: private files."""
    out = ["各方的签名密钥文件 / the parties' key files (camkeeper key)"]
    names = " ".join(name.removeprefix(PRIVATE) for name in left_out)
    if names:
        out.append(
            f"边缘节点与轮询端的私密文件 {names}（--private 可一并备份）"
            f" / private files of an edge and its pollers: {names} (--private takes them along)"
        )
    if registry is None:
        return [*out, "配置读不出，请自行带上 / the configuration could not be read: bring it yourself"]
    refs = sorted({credential.secret_ref for credential in registry.credentials})
    out += [f"设备口令 {ref} / the password that {ref} refers to" for ref in refs]
    home = Path(registry.source).parent.resolve()
    out += [
        f"障碍物文件 {o.path}（不在配置目录下）/ the obstacle file {o.path}, outside the configuration's folder"
        for o in registry.obstacles
        if not Path(o.path).resolve().is_relative_to(home)
    ]
    out.append("通知通道的密钥、证书、身份提供方密钥 / secrets of channels, certificates, of an identity provider")
    return out
