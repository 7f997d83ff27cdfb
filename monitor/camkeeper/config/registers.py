"""Registers: files of devices that a program keeps, beside the part that people write.

`registers: [register.yaml]` names them. Each holds `devices` (whole entries), `amended` (of a device written elsewhere:
its id and the keys that are otherwise now) and `retired` (ids of devices that are no more). They are laid over what
stands before them, in their order, before anything is judged: so a fault is told in the file and at the line where the
faulty value was written. Positions in a register are WGS-84 whatever the hand-written file's datum is, for a program
has converted them already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from camkeeper.config.document import MAX_BYTES, Document, Map, Seq, UnreadableError, decode, parse
from camkeeper.config.fault import Loc
from camkeeper.config.findings import Findings

KEYS: Final = ("devices", "amended", "retired", "notices")
"""`notices`: attributions that the licence of a source asks for; nothing is read from them."""
_NESTED: Final = frozenset({"address", "mount", "lens", "probe"})
_POSITION: Final = frozenset({"lon_deg", "lat_deg"})
_SECTION: Final = "devices"


@dataclass(slots=True)
class Origin:
    """Where one device was written, and by whom it was amended since, latest last."""

    document: Document
    loc: Loc
    amended: list[tuple[Document, Loc]] = field(default_factory=list)
    wgs84: bool = False
    """Its position comes from a register."""


@dataclass(slots=True)
class Merged:
    """The devices of all files as one list."""

    devices: Any
    """A Seq; whatever stands there where the hand-written part has no list of devices."""
    origins: list[Origin] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)

    def where(self, loc: Loc) -> tuple[Document, Loc] | None:
        """Return which file has `loc` of the merged list, and at which place; None: the hand-written one, there."""
        if len(loc) < 2 or loc[0] != _SECTION or not isinstance(loc[1], int) or loc[1] >= len(self.origins):
            return None
        origin, rest = self.origins[loc[1]], loc[2:]
        for document, at in reversed(origin.amended):
            if rest and _has(document.root, (*at, *rest[:2])):
                return document, (*at, *rest)
        return origin.document, (*origin.loc, *rest)

    @property
    def wgs84(self) -> frozenset[int]:
        """Places in the list whose positions are WGS-84 already."""
        return frozenset(place for place, origin in enumerate(self.origins) if origin.wgs84)


def merge(document: Document, findings: Findings, given: Mapping[str, bytes] | None = None) -> Merged | None:
    """Lay the registers over the devices of `document`; None where it names none. Faults go to `findings`.

    `given`: contents by name, in place of what lies on disk: what an import would write.
    """
    names = document.root.get("registers")
    if not isinstance(names, list) or not names:
        return None  # what is no list is told with the head
    own = document.root.get(_SECTION)
    if own is not None and not isinstance(own, list):
        return None
    entries = Seq(document.line((_SECTION,)))  # a list of its own: the hand-written one keeps its lines
    entries.extend(own or ())
    merged = Merged(devices=entries, origins=[Origin(document, (_SECTION, n)) for n in range(len(entries))])
    folder = Path(document.file).parent
    for place, name in enumerate(names):
        if isinstance(name, str) and name.strip():
            found = _read(folder / name.strip(), ("registers", place), findings, (given or {}).get(name.strip()))
            if found is not None:
                _lay_over(merged, found, findings)
    return merged


def register_of(data: bytes, file: str) -> Document:
    """Return a register's document; UnreadableError where it is none."""
    document = parse(file, decode(data))
    if document.root is None:
        document.root = Map(1)
    if not isinstance(document.root, Map):
        raise UnreadableError(1, zh="登记簿最外层应为键值表", en="the top of a register is a mapping")
    return document


def _read(path: Path, loc: Loc, findings: Findings, given: bytes | None) -> tuple[Document, bytes] | None:
    try:
        data = given
        if data is None:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        return register_of(data, str(path)), hashlib.sha256(data).digest()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        findings.fault(
            loc,
            zh=f"读不到登记簿 {path}（{why}）；路径从本配置文件所在的文件夹算起",
            en=f"the register {path} cannot be read ({why}); the path begins at this configuration's folder",
        )
    except UnreadableError as error:
        findings.fault(loc, zh=f"{path} 第 {error.line} 行：{error.zh}", en=f"{path}, line {error.line}: {error.en}")
    return None


def _lay_over(merged: Merged, found: tuple[Document, bytes], findings: Findings) -> None:
    document, digest = found
    merged.digests.append(digest)
    findings.faults.extend(document.faults)
    root: Map = document.root
    for key in root:
        if key not in KEYS:
            findings.fault_in(document, (key,), zh="未知的键", en="unknown key")
    parts = {key: _list(document, key, findings) for key in KEYS}
    at = {e.get("id"): n for n, e in enumerate(merged.devices) if isinstance(e, dict)}
    _amend(merged, document, parts["amended"], at, findings)
    _retire(merged, document, parts["retired"], at, findings)
    for place, entry in enumerate(parts["devices"]):
        merged.devices.append(entry)
        merged.origins.append(Origin(document, (_SECTION, place), wgs84=True))


def _list(document: Document, key: str, findings: Findings) -> list[Any]:
    value = document.root.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        findings.fault_in(document, (key,), zh="应为列表", en="wants a list")
        return []
    return value


def _amend(merged: Merged, document: Document, amended: list[Any], at: Mapping[Any, int], findings: Findings) -> None:
    for place, entry in enumerate(amended):
        id_ = entry.get("id") if isinstance(entry, dict) else entry
        where = at.get(id_) if isinstance(id_, str) else None
        if where is None or not isinstance(entry, dict):
            findings.fault_in(
                document, ("amended", place), zh="没有这台设备可以更正", en="there is no such device to amend"
            )
            continue
        merged.devices[where] = _laid(merged.devices[where], entry)
        origin = merged.origins[where]
        origin.amended.append((document, ("amended", place)))
        mount = entry.get("mount")
        if isinstance(mount, dict) and not _POSITION.isdisjoint(mount):
            origin.wgs84 = True
            if not mount.keys() >= _POSITION:
                findings.fault_in(
                    document,
                    ("amended", place, "mount"),
                    zh="经纬度须成对写",
                    en="a position is both longitude and latitude",
                )


def _retire(merged: Merged, document: Document, retired: list[Any], at: Mapping[Any, int], findings: Findings) -> None:
    gone: set[int] = set()
    for place, id_ in enumerate(retired):
        where = at.get(id_) if isinstance(id_, str) else None
        if where is None:
            findings.fault_in(
                document, ("retired", place), zh="没有这台设备可以注销", en="there is no such device to retire"
            )
        else:
            gone.add(where)
    if gone:
        keep = [n for n in range(len(merged.devices)) if n not in gone]
        merged.devices[:] = [merged.devices[n] for n in keep]
        merged.origins = [merged.origins[n] for n in keep]


def _laid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return the entry with what is otherwise now; a lens that is told by its angle is no longer told by its focus."""
    out = dict(below)
    for key, value in above.items():
        mine = out.get(key)
        if key in _NESTED and isinstance(mine, dict) and isinstance(value, dict):
            if "hfov_deg" in value:
                mine = {k: v for k, v in mine.items() if k not in {"focal_mm", "sensor_width_mm"}}
            elif "focal_mm" in value:
                mine = {k: v for k, v in mine.items() if k != "hfov_deg"}
            out[key] = {**mine, **value}
        else:
            out[key] = value
    return out


def _has(root: Any, loc: Loc) -> bool:
    at = root
    for part in loc:
        try:
            at = at[part]
        except (LookupError, TypeError):
            return False
    return True
