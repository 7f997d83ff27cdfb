"""From a handed-in file to what it would do: a `Draft` is what CLI and page show, and what `apply` puts in place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camcover.datum import Datum
from camkeeper.clock import Clock
from camkeeper.config import ConfigError, Fault, read
from camkeeper.config.document import UnreadableError, decode, parse
from camkeeper.model.registry import Registry
from camkeeper.register.fields import Field
from camkeeper.register.finding import CellFinding, Weight, What
from camkeeper.register.handed import Handed, Progress, handed, quiet
from camkeeper.register.header import Layout, layout_of
from camkeeper.register.kept import Kept
from camkeeper.register.known import Known
from camkeeper.register.plan import Change, Effect, Plan, Planner, effects, lensed_kinds
from camkeeper.register.reading import UnreadableRegister
from camkeeper.register.rows import Reader
from camkeeper.register.store import Base, Store, StoreRefused, Version, base_or_refused, with_line
from camkeeper.register.table import Sheet

_ROUNDS = 4
"""A row that the configuration refuses is left out, and what is left is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How somebody wants a file to be read."""

    sheet: str | None = None
    mapping: Mapping[str, Field | None] = field(default_factory=dict)
    """By heading; None: leave it out."""
    datum: Datum | None = None
    complete: bool = False
    strict: bool = False


def wishes_of(value: Mapping[str, Any]) -> Wishes:
    """Read wishes from JSON values, as `wishes_json` writes them; ValueError where they are none."""
    return Wishes(
        mapping={head: None if name is None else Field(name) for head, name in value["mapping"].items()},
        datum=None if value["datum"] is None else Datum(value["datum"]),
        complete=bool(value["complete"]),
        strict=bool(value["strict"]),
    )


def wishes_json(wishes: Wishes) -> dict[str, Any]:
    """Write wishes as JSON values."""
    return {
        "mapping": {head: None if name is None else str(name) for head, name in wishes.mapping.items()},
        "datum": None if wishes.datum is None else str(wishes.datum),
        "complete": wishes.complete,
        "strict": wishes.strict,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a file would do; nothing is written yet."""

    source: str
    source_sha256: str
    layouts: tuple[tuple[str, Layout], ...]
    """By sheet."""
    plan: Plan
    effects: tuple[Effect, ...]
    base: Base
    register: bytes
    wishes: Wishes
    devices_before: int
    devices_after: int
    """In service."""
    handed: Handed
    """What was read, as it was read."""

    @property
    def refused(self) -> tuple[str, str] | None:
        """Return why it cannot be applied, or None."""
        if self.wishes.strict and self.plan.errors:
            return f"有 {self.plan.errors} 处错误（--strict）", f"{self.plan.errors} errors (--strict)"
        if not self.plan:
            return "没有需要更改的内容", "there is nothing to change"
        return None


def draft(config: Path, data: bytes, name: str, wishes: Wishes, *, progress: Progress = quiet) -> Draft:
    """Return what a file would do to a configuration.

    UnreadableRegister for a file that is none; ConfigError for a configuration that is at fault already; StoreRefused
    where it cannot be read.
    """
    digest = hashlib.sha256(data).hexdigest()
    return draft_of(
        config, lambda known: handed(data, name, known), name=name, digest=digest, wishes=wishes, progress=progress
    )


def draft_of(
    config: Path,
    made: Callable[[Known], Handed],
    *,
    name: str,
    digest: str,
    wishes: Wishes,
    progress: Progress = quiet,
) -> Draft:
    """Return what sheets from wherever would do; `made` gets what is known already. Raises as `draft`."""
    store = Store(config)
    base = base_or_refused(store)
    registry = _read(config, base, None)
    known = Known(registry=registry)
    planner = Planner(known, lensed_kinds(parse(str(config), decode(base.config)).root.get("defaults")))
    progress("reading", 0)
    found = made(known)
    layouts = []
    for sheet in _chosen(found.sheets, wishes.sheet):
        filled = sheet.filled()
        layout = _layout(store, filled, wishes.mapping)
        if layout is None:
            planner.plan.findings.append(_no_headings(sheet.name))
            continue
        layouts.append((sheet.name, layout))
        progress("rows", len(sheet.rows))
        reader = Reader(filled, layout, known, wishes.datum)
        planner.take(reader.read(), reader.findings)
    if not layouts:
        raise UnreadableRegister("没有一张工作表有可识别的表头", "no sheet has headings that anybody knows")
    plan = planner.finish(complete=wishes.complete)
    progress("judging", len(plan.added) + len(plan.changed))
    register, after = _settled(config, base, registry, plan, found.notices)
    plan.findings.sort(key=lambda f: (f.sheet, f.row or 0, f.column or 0))
    return Draft(
        source=name,
        source_sha256=digest,
        layouts=tuple(layouts),
        plan=plan,
        effects=effects(registry, after),
        base=base,
        register=register,
        wishes=wishes,
        devices_before=len(registry.devices),
        devices_after=len(after.devices),
        handed=found,
    )


def apply(config: Path, made: Draft, *, by: str, clock: Clock) -> Version:
    """Put a draft in place, and remember its columns; StoreRefused where it is refused or came too late."""
    if made.refused is not None:
        raise StoreRefused(*made.refused)
    store, plan = Store(config), made.plan
    counts = {"added": len(plan.added), "changed": len(plan.changed), "removed": len(plan.removed)}
    version = store.apply(
        made.base, made.register, by=by, clock=clock, source=made.source, digest=made.source_sha256, counts=counts
    )
    for _, layout in made.layouts:
        said = {c.heading: str(c.field or "-") for c in layout.columns if c.heading}
        store.remember(layout.fingerprint, said)
    return version


def _chosen(sheets: tuple[Sheet, ...], wanted: str | None) -> tuple[Sheet, ...]:
    if wanted is None:
        return sheets
    found = tuple(s for s in sheets if s.name == wanted)
    if not found:
        listed = " ".join(s.name for s in sheets)
        raise UnreadableRegister(
            f"没有工作表 {wanted}；有：{listed}", f"there is no sheet {wanted}; there are: {listed}"
        )
    return found


def _layout(store: Store, sheet: Sheet, said: Mapping[str, Field | None]) -> Layout | None:
    first = layout_of(sheet, said)
    if first is None:
        return None
    kept = {word: None if f == "-" else Field(f) for word, f in store.mapping(first.fingerprint).items()
            if f == "-" or f in set(Field)}  # fmt: skip
    return layout_of(sheet, {**kept, **said}) if kept else first


def _no_headings(sheet: str) -> CellFinding:
    return CellFinding(
        sheet=sheet, row=None, weight=Weight.NOTE, what=What.LEFT_OUT,
        zh="没有可识别的表头，整张工作表未导入", en="no headings that anybody knows; the sheet is left out",
    )  # fmt: skip


def _settled(
    config: Path, base: Base, registry: Registry, plan: Plan, notices: tuple[str, ...]
) -> tuple[bytes, Registry]:
    """Return the register to write and the registry it makes, without the rows that the configuration refuses."""
    if not plan:
        return base.register or b"", registry
    kept = Kept() if base.register is None else _kept(config, base)
    ours = frozenset(kept.devices)
    kept.notices.extend(notice for notice in notices if notice not in kept.notices)
    for _ in range(_ROUNDS):
        register, lines = _composed(kept, ours, plan)
        try:
            return register, _read(config, base, register)
        except ConfigError as error:
            if not _left_out(plan, error.faults, lines, str(config.parent / base.name)):
                raise
        if not plan:
            return base.register or b"", registry
    raise StoreRefused("导入后的配置不成立", "the configuration would be at fault")


def _kept(config: Path, base: Base) -> Kept:
    try:
        return Kept.of(base.register or b"", str(config.parent / base.name))
    except UnreadableError as error:
        raise StoreRefused(error.zh, error.en) from None
    except ValueError as error:
        raise StoreRefused(
            f"登记簿不是本程序写的样子：{error}", f"the register is not as we write it: {error}"
        ) from None


def _composed(kept: Kept, ours: frozenset[str], plan: Plan) -> tuple[bytes, dict[int, str]]:
    now = kept.copy()
    for device_id in plan.removed:
        now.drop(device_id, hand_written=device_id not in ours)
    for change in plan.added:
        now.put(change.device_id, change.values, hand_written=change.device_id in kept.retired)
    for change in plan.changed:
        now.put(change.device_id, change.values, hand_written=change.device_id not in ours)
    return now.written()


def _read(config: Path, base: Base, register: bytes | None) -> Registry:
    if register is None:
        return read(base.config, str(config)).registry
    data = base.config if base.named else with_line(base.config, base.name)
    return read(data, str(config), {base.name: register}).registry


def _left_out(plan: Plan, faults: tuple[Fault, ...], lines: Mapping[int, str], file: str) -> bool:
    """Move what the configuration refuses from the plan to its findings; False where nothing of it is ours."""
    bad: dict[str, Fault] = {}
    for fault in faults:
        device_id = lines.get(fault.line) if fault.file == file else None
        if device_id is not None:
            bad.setdefault(device_id, fault)
    found = False
    for part in (plan.added, plan.changed):
        for change in tuple(part):
            if change.device_id in bad:
                part.remove(change)
                plan.findings.append(_refused(change, bad[change.device_id]))
                found = True
    return found


def _refused(change: Change, fault: Fault) -> CellFinding:
    key = fault.path.split(".", 2)[-1]
    return CellFinding(
        sheet=change.sheet, row=change.row, weight=Weight.ERROR, what=What.CONFIGURATION,
        zh=f"{key}：{fault.zh}", en=f"{key}: {fault.en}",
    )  # fmt: skip
