"""The register's file as a value: read from its document, written in one canonical way, a device a line. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from camkeeper.config.registers import register_of

HEAD: Final = """\
# 由 camkeeper import 保管，请勿手改；撤销用 camkeeper import undo。坐标为 WGS-84。
# Kept by camkeeper import; don't edit. Change it by camkeeper import FILE --apply, take back by camkeeper import undo.
"""
_PLAIN: Final = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff._+-]*\Z")
_NULLS: Final = frozenset({"null", "Null", "NULL"})
_ORDER: Final = ("id", "name", "kind", "site", "address", "mount", "lens", "gb_id", "link", "contractor", "credential",
                 "maker", "model", "serial", "installed", "tags")  # fmt: skip
Entry = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Kept:
    """What a register's file holds, by device id."""

    devices: dict[str, Entry] = field(default_factory=dict)
    amended: dict[str, Entry] = field(default_factory=dict)
    retired: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """Attributions that the licence of a source asks for; they go wherever the register goes."""

    @classmethod
    def of(cls, data: bytes, file: str) -> Kept:
        """Read a file; UnreadableError, or ValueError where it is not as we write it."""
        root = register_of(data, file).root
        try:
            return cls(
                devices={e["id"]: dict(e) for e in root.get("devices") or ()},
                amended={e["id"]: dict(e) for e in root.get("amended") or ()},
                retired=list(root.get("retired") or ()),
                notices=[str(notice) for notice in root.get("notices") or ()],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"{file}: {error!r}") from None

    def copy(self) -> Kept:
        """Return one that may be changed."""
        return Kept(
            devices=dict(self.devices),
            amended=dict(self.amended),
            retired=list(self.retired),
            notices=list(self.notices),
        )

    def put(self, device_id: str, values: dict[str, Any], *, hand_written: bool) -> None:
        """Lay values (by the keys of `known.flat`) over a device."""
        if device_id in self.retired:
            self.retired.remove(device_id)
        part = self.amended if hand_written else self.devices
        part[device_id] = _nested(part.get(device_id, {"id": device_id}), values)

    def drop(self, device_id: str, *, hand_written: bool) -> None:
        """Take a device out."""
        self.devices.pop(device_id, None)
        self.amended.pop(device_id, None)
        if hand_written and device_id not in self.retired:
            self.retired.append(device_id)

    def written(self) -> tuple[bytes, dict[int, str]]:
        """Return the file, and which device stands on which line."""
        lines, at = HEAD.splitlines(), {}
        for name, part in (("devices", self.devices), ("amended", self.amended)):
            if part:
                lines.append(f"{name}:")
            for device_id in sorted(part):
                lines.append(f"- {_flow(part[device_id])}")
                at[len(lines)] = device_id
        if self.retired:
            lines.append(f"retired: [{', '.join(map(_scalar, sorted(self.retired)))}]")
        if self.notices:
            lines.append(f"notices: [{', '.join(map(_scalar, self.notices))}]")
        return ("\n".join(lines) + "\n").encode(), at


def _nested(entry: Entry, values: dict[str, Any]) -> Entry:
    out = {key: dict(value) if isinstance(value, dict) else value for key, value in entry.items()}
    for key, value in values.items():
        group, _, inner = key.partition(".")
        if inner:
            out.setdefault(group, {})[inner] = text(value)
        else:
            out[key] = list(value) if isinstance(value, tuple) else text(value)
    return out


def text(value: object) -> str:
    """Return a value as the file has it; a list as people write one in a cell."""
    if isinstance(value, tuple):
        return "、".join(map(str, value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.9f}".rstrip("0")
    return str(value)


def _flow(entry: Entry) -> str:
    keys = [*(k for k in _ORDER if k in entry), *sorted(k for k in entry if k not in _ORDER)]
    return f"{{{', '.join(f'{key}: {_value(entry[key])}' for key in keys)}}}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_value(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return "~" if value is None else _scalar(str(value))


def _scalar(value: str) -> str:
    plain = _PLAIN.match(value) is not None and value not in _NULLS
    return value if plain else json.dumps(value, ensure_ascii=not value.isprintable())
