"""Labels put on many devices and taken off again: one change of the register, undone like any other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from camkeeper.clock import Clock
from camkeeper.config import ConfigError, read
from camkeeper.config.document import UnreadableError
from camkeeper.model.registry import Registry
from camkeeper.model.tags import TagError, tag_of, tags_of
from camkeeper.register.kept import Kept
from camkeeper.register.store import Base, Store, StoreRefused, Version, base_or_refused, with_line

SOURCE: Final = "标签 tags: "
"""How such a change begins in the history: whoever may label may take back his labels, and no import."""


def tag(config: Path, device_ids: Sequence[str], *, on: str = "", off: str = "", by: str, clock: Clock) -> Version:
    """Put a label on these devices, or take one off, or both; StoreRefused, with the reason, where nothing is written.

    A device that has it already, or has it not, stays as it is. All or nothing.
    """
    try:
        on, off = (tag_of(word) if word else "" for word in (on, off))
    except TagError as error:
        raise StoreRefused(error.zh, error.en) from None
    store = Store(config)
    base = base_or_refused(store)
    registry = _judged(base, config, None)
    wanted = _wanted(registry, device_ids, on, off)
    if not wanted:
        raise StoreRefused("所选设备的标签已经是这样", "the labels of these devices are so already")
    kept = _kept(base)
    ours = frozenset(kept.devices)
    for device_id, tags in wanted.items():
        kept.put(device_id, {"tags": tags}, hand_written=device_id not in ours)
    register, _ = kept.written()
    _judged(base, config, register)
    said = " ".join(filter(None, (f"+{on}" if on else "", f"-{off}" if off else "")))
    return store.apply(
        base, register, by=by, clock=clock, source=f"{SOURCE}{said}",
        digest=hashlib.sha256("\n".join((said, *sorted(wanted))).encode()).hexdigest(),
        counts={"added": 0, "changed": len(wanted), "removed": 0},
    )  # fmt: skip


def is_tagging(version: Version) -> bool:
    """Return whether an entry of the history is a change of labels."""
    return version.source.startswith(SOURCE)


def _wanted(registry: Registry, device_ids: Sequence[str], on: str, off: str) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for device_id in dict.fromkeys(device_ids):
        device = registry.device_by_id.get(device_id)
        if device is None:
            raise StoreRefused(f"没有设备 {device_id}，请刷新", f"there is no device {device_id}; look again")
        try:
            tags = tags_of(({*device.tags} - {off}) | ({on} if on else set()))
        except TagError as error:
            raise StoreRefused(f"{device_id}：{error.zh}", f"{device_id}: {error.en}") from None
        if tags != device.tags:
            out[device_id] = tags
    return out


def _judged(base: Base, config: Path, register: bytes | None) -> Registry:
    try:
        if register is None:
            return read(base.config, str(config)).registry
        data = base.config if base.named else with_line(base.config, base.name)
        return read(data, str(config), {base.name: register}).registry
    except ConfigError as error:
        first = error.faults[0]
        raise StoreRefused(f"配置不成立：{first.chinese}", f"the configuration is at fault: {first}") from None


def _kept(base: Base) -> Kept:
    try:
        return Kept() if base.register is None else Kept.of(base.register, base.name)
    except UnreadableError as error:
        raise StoreRefused(error.zh, error.en) from None
    except ValueError as error:
        raise StoreRefused(
            f"登记簿不是本程序写的样子：{error}", f"the register is not as we write it: {error}"
        ) from None
