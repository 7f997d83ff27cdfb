"""From rows to what they change: each finds its device; what would be otherwise is told field by field. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from camcover.datum import FEWEST_POINTS, Suspicion, suspect_datum
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.registry import Registry
from camkeeper.register.fields import Field
from camkeeper.register.finding import CellFinding, Weight, What
from camkeeper.register.known import Known, flat
from camkeeper.register.rows import Row

_WANTED: Final = (("name", Field.NAME, "名称", "name"), ("site", Field.SITE, "地点", "site"),
                  ("address.host", Field.HOST, "IP 地址", "IP address"))  # fmt: skip
_SAME: Final = {"mount.lon_deg": 1.01e-6, "mount.lat_deg": 1.01e-6, "mount.azimuth_deg": 0.05}
"""A decimetre, and a twentieth of a degree: nobody surveys better, and datums are converted to and fro."""
_POSITION: Final = ("mount.lon_deg", "mount.lat_deg")
_DEFAULT_PORT: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a row does to a device. `fields`: (key, what it is now, what it would be)."""

    device_id: str
    sheet: str
    row: int
    fields: tuple[tuple[str, Any, Any], ...]

    @property
    def values(self) -> dict[str, Any]:
        """Return the new values by key."""
        return {key: new for key, _, new in self.fields}


@dataclass(slots=True, kw_only=True)
class Plan:
    """What a file would do."""

    rows: int = 0
    added: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    findings: list[CellFinding] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """Return how many findings keep a row out."""
        return sum(f.weight is Weight.ERROR for f in self.findings)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


class Planner:
    """One pass over all rows of a file."""

    def __init__(self, known: Known, lensed: frozenset[DeviceKind]) -> None:
        self.known, self.lensed = known, lensed
        self.plan = Plan()
        self._texts: dict[tuple[str, ...], Row] = {}
        self._by: dict[tuple[str, Any], tuple[Row, str]] = {}
        self._seen: set[str] = set()
        self._kinds: set[DeviceKind] = set()

    def take(self, rows: Sequence[Row], findings: Iterable[CellFinding]) -> None:
        """Fold in the rows of a sheet."""
        self.plan.findings.extend(findings)
        self.plan.rows += len(rows)
        self._suspect(rows)
        for row in rows:
            self._take(row)

    def finish(self, *, complete: bool) -> Plan:
        """Return the plan. `complete`: devices of the kinds that the file has, and that it does not name, are gone."""
        if complete:
            self.plan.removed = [
                d.id for d in self.known.registry.devices if d.kind in self._kinds and d.id not in self._seen
            ]
        gone = frozenset(self.plan.removed)
        self._taken_addresses(gone)
        return self.plan

    def _tell(self, row: Row, at: Field | None, what: What, weight: Weight, said: tuple[str, str]) -> None:
        column = None if at is None else row.columns.get(at)
        self.plan.findings.append(
            CellFinding(
                sheet=row.sheet, row=row.number, column=column, weight=weight, what=what, zh=said[0], en=said[1]
            )
        )

    def _take(self, row: Row) -> None:
        device_id = self._identify(row)
        if device_id is not None:
            self._seen.add(device_id)  # a row that is left out still says that its device is there
        if (first := self._texts.get(row.texts)) is not None:
            said = f"与第 {first.number} 行完全相同，未导入", f"the same as row {first.number}; left out"
            self._tell(row, None, What.REPEATED_ROW, Weight.NOTE, said)
            return
        self._texts[row.texts] = row
        if row.failed or device_id is None or self._doubled(row, device_id):
            return
        old = self.known.registry.device_by_id.get(device_id)
        self._kinds.add(row.values.get("kind") or (old.kind if old is not None else DeviceKind.CAMERA))
        if old is None:
            self._add(row, device_id)
        else:
            self._change(row, device_id, flat(old))

    def _identify(self, row: Row) -> str | None:
        """Return the device that a row speaks of: by its id, its GB/T 28181 id, its address, in this order."""
        values, devices = row.values, self.known.registry.device_by_id
        gb = self.known.by_gb.get(values.get("gb_id", ""))
        if row.id is not None and row.id in devices:
            if gb is not None and gb != row.id and not row.failed:
                said = f"国标编号已登记给 {gb}", f"this GB/T 28181 id is that of {gb}"
                self._tell(row, Field.GB_ID, What.DUPLICATE, Weight.ERROR, said)
                row.failed = True
            return row.id
        if gb is not None:
            return gb
        if row.id is not None:
            return row.id
        host = values.get("address.host")
        if host is None:
            return values.get("gb_id")
        port = values.get("address.port", _DEFAULT_PORT)
        return (
            self.known.by_address.get((host, port))
            or values.get("gb_id")
            or f"cam-{host.replace('.', '-')}{'' if port == _DEFAULT_PORT else f'-{port}'}"
        )

    def _doubled(self, row: Row, device_id: str) -> bool:
        values = row.values
        keys: list[tuple[Field, str, Any]] = [(Field.ID, "id", device_id)]
        if "gb_id" in values:
            keys.append((Field.GB_ID, "gb", values["gb_id"]))
        if "address.host" in values:
            keys.append((Field.HOST, "at", (values["address.host"], values.get("address.port", _DEFAULT_PORT))))
        bad = False
        told: set[int] = set()
        for at, name, value in keys:
            first = self._by.get((name, value))
            if first is None or first[0].number in told:
                continue
            told.add(first[0].number)
            text = ":".join(map(str, value)) if isinstance(value, tuple) else str(value)
            where = f"{first[0].sheet}!{first[0].number}"
            said = f"{text} 与 {where} 重复", f"{text} is in {where} already"
            self._tell(row, at if at in row.columns else None, What.DUPLICATE, Weight.ERROR, said)
            bad = True
        if not bad:
            for _, name, value in keys:
                self._by[name, value] = (row, device_id)
        return bad

    def _add(self, row: Row, device_id: str) -> None:
        missing = [(at, zh, en) for key, at, zh, en in _WANTED if key not in row.values]
        for at, zh, en in missing:
            said = f"新设备缺少{zh}", f"a new device wants its {en}"
            self._tell(row, at, What.MISSING, Weight.ERROR, said)
        if missing:
            return
        values = {"kind": DeviceKind.CAMERA, **row.values}
        lens = values["kind"] in self.lensed
        values = self._fitting(row, values, placed=all(k in values for k in _POSITION), lens=lens)
        ordered = tuple((key, None, value) for key, value in values.items())
        self.plan.added.append(Change(device_id=device_id, sheet=row.sheet, row=row.number, fields=ordered))

    def _change(self, row: Row, device_id: str, old: Mapping[str, Any]) -> None:
        values = {"kind": old["kind"], **row.values}
        placed = "mount.lon_deg" in old or all(k in values for k in _POSITION)
        values = self._fitting(row, values, placed=placed, lens="lens.hfov_deg" in old)
        differing = {k: v for k, v in values.items() if not self._same(k, old.get(k), v)}
        if any(key in differing for key in _POSITION):
            differing |= {key: values[key] for key in _POSITION}
        if not differing:
            self.plan.unchanged.append(device_id)
            return
        fields = tuple((key, old.get(key), value) for key, value in differing.items())
        self.plan.changed.append(Change(device_id=device_id, sheet=row.sheet, row=row.number, fields=fields))

    def _fitting(self, row: Row, values: dict[str, Any], *, placed: bool, lens: bool) -> dict[str, Any]:
        """Return the values that the device can have: no aim without a place, no pixels without an angle."""
        out = {k: v for k, v in values.items() if k != "lens.focal_mm"}
        if not placed and any(k.startswith("mount.") for k in out):
            said = "没有经纬度，高度与方位角未导入", "height and aim are left out: there is no position"
            self._tell(row, None, What.HALF_POSITION, Weight.DOUBT, said)
            out = {k: v for k, v in out.items() if not k.startswith("mount.")}
        if not values["kind"].has_picture or not (lens or "lens.hfov_deg" in out):
            out = {k: v for k, v in out.items() if not k.startswith("lens.")}
        return out

    def _same(self, key: str, old: Any, new: Any) -> bool:
        if key == "site" and old is not None:
            # A camera that is enrolled in a grid of the village is in the village.
            return new in self.known.registry.ancestry(old)
        if old is None or isinstance(new, str) or not isinstance(old, int | float):
            return bool(old == new)
        return bool(abs(old - new) <= _SAME.get(key, 1e-9))

    def _taken_addresses(self, gone: frozenset[str]) -> None:
        """Leave out rows that take the address of a device which stays as it is."""
        moved = {c.device_id for c in self.plan.changed if any(k.startswith("address.") for k, _, _ in c.fields)}
        for part in (self.plan.added, self.plan.changed):
            for change in tuple(part):
                old = self.known.registry.device_by_id.get(change.device_id)
                new = change.values
                if "address.host" not in new and "address.port" not in new:
                    continue
                host = new.get("address.host") or (old.address.host if old is not None else "")
                port = new.get("address.port") or (old.address.port if old is not None else _DEFAULT_PORT)
                holder = self.known.by_address.get((host, port))
                if holder in {None, change.device_id} or holder in gone or holder in moved:
                    continue
                part.remove(change)
                said = f"{host}:{port} 已登记给 {holder}", f"{host}:{port} is enrolled as {holder} already"
                self.plan.findings.append(
                    CellFinding(
                        sheet=change.sheet, row=change.row, weight=Weight.ERROR, what=What.DUPLICATE, zh=said[0],
                        en=said[1],
                    )
                )  # fmt: skip

    def _suspect(self, rows: Sequence[Row]) -> None:
        """Tell where the whole sheet, else all of one village, lies where another datum would put it."""
        areas = self.known.areas
        placed = [r for r in rows if r.entered is not None and r.values.get("site") in areas]
        for datum in dict.fromkeys(r.datum for r in placed):
            own = [r for r in placed if r.datum is datum]
            found = self._suspicion(own)
            if found is not None:
                self._suspected(own, found, "整表", "the whole sheet")
                continue
            for site, count in Counter(str(r.values["site"]) for r in own).items():
                batch = [r for r in own if r.values["site"] == site] if count >= FEWEST_POINTS else []
                if (found := self._suspicion(batch)) is not None:
                    self._suspected(batch, found, f"地点 {site}", f"site {site}")

    def _suspicion(self, rows: Sequence[Row]) -> Suspicion | None:
        if len(rows) < FEWEST_POINTS:
            return None
        points = np.array([r.entered for r in rows], dtype=np.float64)
        order = list(dict.fromkeys(str(r.values["site"]) for r in rows))
        own = np.array([order.index(str(r.values["site"])) for r in rows], dtype=np.intp)
        return suspect_datum(points, [self.known.areas[i] for i in order], own=own, stated=rows[0].datum)

    def _suspected(self, rows: Sequence[Row], found: Suspicion, zh: str, en: str) -> None:
        before, after, n = found.inside_before, found.inside_after, found.points
        told_zh = (
            f"{zh}的 {n} 个点位按 {found.stated} 读只有 {before} 个在本村内，按 {found.datum} 读有 {after} 个"
            f"（相差约 {found.offset_m:.0f} 米）。若确实如此，请加 --datum {found.datum}"
        )
        told_en = (
            f"of {n} positions of {en} {before} lie in their village as {found.stated}, {after} as {found.datum} "
            f"(some {found.offset_m:.0f} m apart). If so, say --datum {found.datum}"
        )
        column = rows[0].columns.get(Field.LON, rows[0].columns.get(Field.LON_LAT))
        self.plan.findings.append(
            CellFinding(
                sheet=rows[0].sheet, row=rows[0].number, column=column, weight=Weight.DOUBT,
                what=What.DATUM_SUSPECTED, zh=told_zh, en=told_en,
            )
        )  # fmt: skip


def lensed_kinds(defaults: Any) -> frozenset[DeviceKind]:
    """Return the kinds that have a lens by the configuration's `defaults`."""
    if not isinstance(defaults, dict):
        return frozenset()
    out = set()
    for kind in DeviceKind:
        lens: dict[str, Any] = {}
        for block in ("device", str(kind)):
            own = defaults.get(block)
            if isinstance(own, dict) and isinstance(own.get("lens"), dict):
                lens |= own["lens"]
        if "hfov_deg" in lens or {"focal_mm", "sensor_width_mm"} <= lens.keys():
            out.add(kind)
    return frozenset(out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a plan does to the figures of one site and what it covers."""

    site_id: str
    name: str
    cameras_before: int
    cameras_after: int
    coverage_changes: int
    """Cameras of the site whose field of view is another one then, or is gone, or new."""


def effects(old: Registry, new: Registry) -> tuple[Effect, ...]:
    """Return the sites whose denominators or fields of view differ."""
    before = Counter(d.site_id for d in old.devices if d.kind.has_picture)
    after = Counter(d.site_id for d in new.devices if d.kind.has_picture)
    seeing: Counter[str] = Counter()
    for id_ in {d.id for d in old.devices} | {d.id for d in new.devices}:
        a, b = old.device_by_id.get(id_), new.device_by_id.get(id_)
        fields = [(d.mount, d.lens, d.site_id) if d is not None and d.kind.has_picture else None for d in (a, b)]
        device = b or a
        if fields[0] != fields[1] and device is not None:
            seeing[device.site_id] += 1
    return tuple(
        Effect(
            site_id=s.id,
            name=s.name,
            cameras_before=before[s.id],
            cameras_after=after[s.id],
            coverage_changes=seeing[s.id],
        )
        for s in new.sites
        if before[s.id] != after[s.id] or seeing[s.id]
    )
