"""Puts proposed edits into the register: by its own way of applying and undoing, judged by the monitor's own loader."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from camkeeper.clock import Clock
from camkeeper.config import ConfigError, read
from camkeeper.config.document import UnreadableError
from camkeeper.doctor.finding import Finding
from camkeeper.model.registry import Registry
from camkeeper.register.kept import Kept, text
from camkeeper.register.known import flat
from camkeeper.register.store import Base, Store, StoreRefused, Version, base_or_refused, with_line


def mend(config: Path, findings: Sequence[Finding], *, by: str, clock: Clock) -> Version:
    """Write the edits of these findings as one change of the register; `camkeeper import undo` takes it back.

    StoreRefused, with the reason, where nothing is proposed, two of them contradict each other, a device is no longer
    as it was examined, or the configuration would be at fault; then nothing is written.
    """
    wanted = _wanted(findings)
    store = Store(config)
    base = base_or_refused(store)
    registry = _judged(base, config, None)
    _unchanged(registry, wanted)
    kept = _kept(base)
    ours = frozenset(kept.devices)
    for device_id, fields in wanted.items():
        values = {key: new for key, (_, new) in fields.items()}
        kept.put(device_id, values, hand_written=device_id not in ours)
    register, _ = kept.written()
    _judged(base, config, register)
    said = json.dumps(sorted(f.id for f in findings), ensure_ascii=False).encode()
    return store.apply(
        base, register, by=by, clock=clock, source=_source(findings), digest=hashlib.sha256(said).hexdigest(),
        counts={"added": 0, "changed": len(wanted), "removed": 0},
    )  # fmt: skip


def _source(findings: Sequence[Finding]) -> str:
    more = f" +{len(findings) - 1}" if len(findings) > 1 else ""
    return f"doctor {findings[0].id}{more}"


def _wanted(findings: Sequence[Finding]) -> dict[str, dict[str, tuple[Any, Any]]]:
    out: dict[str, dict[str, tuple[Any, Any]]] = {}
    for finding in findings:
        if not finding.edits:
            raise StoreRefused(
                f"{finding.id} 没有可以自动写入的改法", f"{finding.id} has no edit to apply: a person must decide"
            )
        for edit in finding.edits:
            fields = out.setdefault(edit.device_id, {})
            for key, old, new in edit.fields:
                if fields.setdefault(key, (old, new)) != (old, new):
                    raise StoreRefused(
                        f"{edit.device_id} 的 {key} 有两种改法，请分开选",
                        f"{edit.device_id}: two edits of {key}; choose one",
                    )
    return out


def _unchanged(registry: Registry, wanted: dict[str, dict[str, tuple[Any, Any]]]) -> None:
    for device_id, fields in wanted.items():
        device = registry.device_by_id.get(device_id)
        now = {} if device is None else flat(device)
        if device is None or any(text(now.get(key)) != text(old) for key, (old, _) in fields.items()):
            raise StoreRefused(
                f"{device_id} 在检查之后被改动，请重新检查", f"{device_id} was changed since; examine again"
            )


def _judged(base: Base, config: Path, register: bytes | None) -> Registry:
    try:
        if register is None:
            return read(base.config, str(config)).registry
        data = base.config if base.named else with_line(base.config, base.name)
        return read(data, str(config), {base.name: register}).registry
    except ConfigError as error:
        first = error.faults[0]
        raise StoreRefused(
            f"改后的配置不成立：{first.chinese}", f"the configuration would be at fault: {first}"
        ) from None


def _kept(base: Base) -> Kept:
    if base.register is None:
        return Kept()
    try:
        return Kept.of(base.register, base.name)
    except UnreadableError as error:
        raise StoreRefused(error.zh, error.en) from None
    except ValueError as error:
        raise StoreRefused(
            f"登记簿不是本程序写的样子：{error}", f"the register is not as we write it: {error}"
        ) from None
