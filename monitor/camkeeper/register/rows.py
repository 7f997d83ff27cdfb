"""From a sheet and its layout to rows of typed values, and everything that is wrong with them, cell by cell. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from camcover.datum import Datum, to_wgs84
from camkeeper.model.equipment import DeviceKind
from camkeeper.register import cells, gbid
from camkeeper.register.cells import CellError
from camkeeper.register.fields import Field, datum_in, plain
from camkeeper.register.finding import CellFinding, Weight, What
from camkeeper.register.header import Layout, repeats
from camkeeper.register.known import Known
from camkeeper.register.table import Sheet

_FOOT = re.compile(
    r"(?:合\s*计|总\s*计|小\s*计|共\s*计|备\s*注|说\s*明|注|填\s*表|制\s*表|审\s*核|填报|负责人|日期|total|note|remark|sum)"
    r"(?:[\s:：(（、].*)?$|(?:注|备注|说明|填表人|制表人|审核人|填报单位)[:：].*",
    re.IGNORECASE,
)
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)
_UNSHIFTED: Final = frozenset({Datum.WGS84, Datum.CGCS2000})
_FEW_CELLS = 2


@dataclass(slots=True, kw_only=True)
class Row:
    """One row as it is read. `values` by the keys of `known.flat`."""

    sheet: str
    number: int
    columns: Mapping[Field, int]
    texts: tuple[str, ...]
    """Of the mapped cells: what makes two rows the same."""
    id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    datum: Datum = Datum.WGS84
    entered: tuple[float, float] | None = None
    """Longitude and latitude as written."""
    failed: bool = False


class Reader:
    """One pass over one sheet."""

    def __init__(self, sheet: Sheet, layout: Layout, known: Known, datum: Datum | None) -> None:
        self.sheet, self.layout, self.known = sheet, layout, known
        self.findings: list[CellFinding] = []
        self.datum = datum or layout.datum or Datum.WGS84
        self.columns: dict[Field, int] = {
            c.field: c.place for c in layout.columns if c.field is not None and c.field is not Field.IGNORE
        }
        self._group = ""

    def read(self) -> list[Row]:
        """Return every row that is a device's; failed ones among them."""
        self._mapping()
        mapped = sorted(self.columns.values())
        out: list[Row] = []
        for at in range(self.layout.first_row, len(self.sheet.rows)):
            raw = self.sheet.rows[at]
            filled = [plain(cell) for cell in raw if cell]
            if not filled or repeats(raw, self.layout.columns):
                continue
            if self._left_out(at, filled):
                continue
            texts = tuple(plain(raw[place]) if place < len(raw) else "" for place in mapped)
            out.append(self._row(at + 1, raw, texts))
        _to_wgs84(out)
        return out

    def tell(
        self, row: int | None, what: What, weight: Weight, said: tuple[str, str], column: int | None = None
    ) -> None:
        """Note a finding."""
        self.findings.append(
            CellFinding(sheet=self.sheet.name, row=row, column=column, weight=weight, what=what, zh=said[0], en=said[1])
        )

    def _mapping(self) -> None:
        has_place = {Field.LON, Field.LAT, Field.LON_LAT} & self.columns.keys()
        for column in self.layout.columns:
            if column.field is None and column.heading:
                said = f"未导入“{column.heading}”：{column.zh}", f"“{column.heading}” is not imported: {column.en}"
                self.tell(None, What.MAPPING, Weight.NOTE, said, column.place)
        if has_place and self.layout.datum is None and Field.DATUM not in self.columns:
            zh, en = f"没有写明坐标系，按 {self.datum} 读取", f"no datum is named; read as {self.datum}"
            self.tell(None, What.DATUM, Weight.NOTE, (zh, en))

    def _left_out(self, at: int, filled: list[str]) -> bool:
        """Return whether a row is no device: a total, a note, or the name of a village over its devices."""
        if _FOOT.match(filled[0]) and len(set(filled)) <= max(_FEW_CELLS, len(self.columns) // 3):
            said = f"未导入：“{filled[0][:20]}”不是设备", f"left out: “{filled[0][:20]}” is no device"
            self.tell(at + 1, What.LEFT_OUT, Weight.NOTE, said)
            return True
        if len(set(filled)) > 1 or len(self.columns) <= _FEW_CELLS:
            return False
        if Field.SITE not in self.columns and self.known.sites(filled[0]):
            self._group = filled[0]
        elif len(filled[0]) <= 12 and not self.known.sites(filled[0]):
            return False
        said = f"未导入：整行只有“{filled[0][:20]}”", f"left out: “{filled[0][:20]}” is all that it says"
        self.tell(at + 1, What.LEFT_OUT, Weight.NOTE, said)
        return True

    def _row(self, number: int, raw: tuple[str, ...], texts: tuple[str, ...]) -> Row:
        cell = {f: text for f, place in self.columns.items() if place < len(raw) and (text := plain(raw[place]))}
        cell = {f: text for f, text in cell.items() if not cells.nothing(text)}
        row = Row(
            sheet=self.sheet.name,
            number=number,
            columns=self.columns,
            texts=texts,
            datum=self.datum,
        )
        for read in (self._identity, self._what, self._where, self._address, self._position, self._optics, self._rest):
            read(row, cell)
        return row

    def _try(self, row: Row, at: Field, cell: Mapping[Field, str], read: Callable[[str], Any], *, minor: bool) -> Any:
        """Return what `read` makes of a cell; None where there is none or it is told."""
        text = cell.get(at)
        if text is None:
            return None
        try:
            return read(text)
        except CellError as error:
            self.fault(row, at, error.what, (error.zh, error.en), minor=minor)
            return None

    def fault(self, row: Row, at: Field | None, what: What, said: tuple[str, str], *, minor: bool = False) -> None:
        """Note what is wrong in a row. `minor`: the cell is left out and not the row."""
        if minor:
            said = f"{said[0]}；此格未导入", f"{said[1]}; this cell is left out"
        self.tell(
            row.number,
            what,
            Weight.DOUBT if minor else Weight.ERROR,
            said,
            None if at is None else self.columns.get(at),
        )
        row.failed = row.failed or not minor

    def _identity(self, row: Row, cell: Mapping[Field, str]) -> None:
        if (id_ := cell.get(Field.ID)) is not None:
            if _ID.match(id_):
                row.id = id_
            else:
                said = f"编号只用字母、数字和 . _ -：{cells.shown(id_)}", f"no id: {cells.shown(id_)}"
                self.fault(row, Field.ID, What.UNREADABLE, said)
        if (name := cell.get(Field.NAME)) is not None:
            row.values["name"] = name[:200]

    def _what(self, row: Row, cell: Mapping[Field, str]) -> None:
        kind = self._try(row, Field.KIND, cell, cells.kind, minor=False)
        if kind is not None:
            row.values["kind"] = kind
        gb = cell.get(Field.GB_ID)
        if gb is None:
            return
        gb = gb.replace(" ", "")
        if not gbid.is_id(gb):
            said = (
                f"国标编号应有 20 位数字，不是{cells.shown(gb)}",
                f"a GB/T 28181 id has 20 digits, not {cells.shown(gb)}",
            )
            if "e+" in gb.lower() or (gb.isdigit() and len(gb) in {19, 21}):
                said = f"{said[0]}（该格应设为文本）", f"{said[1]} (was the cell a number?)"
            self.fault(row, Field.GB_ID, What.GB_ID, said)
            return
        row.values["gb_id"] = gb
        wrong = gbid.region_fault(gb, self.known.regions)
        if wrong is not None:
            self.fault(row, Field.GB_ID, What.GB_REGION, wrong)
        elif (wrong := gbid.type_fault(gb, kind or DeviceKind.CAMERA)) is not None and (kind or wrong):
            self.fault(row, Field.GB_ID, What.GB_TYPE, wrong)

    def _where(self, row: Row, cell: Mapping[Field, str]) -> None:
        text = cell.get(Field.SITE) or (self._group if Field.SITE not in self.columns else "")
        if not text:
            return
        found = self.known.sites(text, cell.get(Field.TOWN, ""))
        if len(found) == 1:
            row.values["site"] = found[0]
        elif found:
            said = f"{cells.shown(text)}有 {len(found)} 处同名", f"{len(found)} places are called {cells.shown(text)}"
            self.fault(row, Field.SITE, What.AMBIGUOUS_SITE, said)
        else:
            said = f"配置里没有地点{cells.shown(text)}", f"no site of the configuration is called {cells.shown(text)}"
            self.fault(row, Field.SITE, What.UNKNOWN_SITE, said)

    def _address(self, row: Row, cell: Mapping[Field, str]) -> None:
        found = self._try(row, Field.HOST, cell, cells.host_port, minor=False)
        port = self._try(row, Field.PORT, cell, cells.port, minor=False)
        rtsp = self._try(row, Field.RTSP_PORT, cell, cells.port, minor=True)
        path = self._try(row, Field.ONVIF_PATH, cell, cells.path, minor=True)
        if path is not None:
            row.values["address.onvif_path"] = path
        if found is not None:
            row.values["address.host"] = found[0]
            port = found[1] if port is None else port
            if found[1] is not None and port != found[1]:
                said = f"端口 {port} 与地址里的 {found[1]} 不一致", f"port {port}, and {found[1]} in the address"
                self.fault(row, Field.PORT, What.ADDRESS, said)
        if port is not None:
            row.values["address.port"] = port
        if rtsp is not None:
            row.values["address.rtsp_port"] = rtsp

    def _position(self, row: Row, cell: Mapping[Field, str]) -> None:
        at = Field.LON_LAT if Field.LON_LAT in cell else Field.LON
        if at is Field.LON_LAT:
            point = self._try(row, at, cell, cells.pair, minor=False)
        else:
            lon = self._try(row, Field.LON, cell, cells.coordinate, minor=False)
            lat = self._try(row, Field.LAT, cell, cells.coordinate, minor=False)
            if (Field.LON in cell) != (Field.LAT in cell):
                said = "经度、纬度缺一", "a longitude without its latitude, or the other way about"
                self.fault(row, Field.LAT if Field.LON in cell else Field.LON, What.HALF_POSITION, said)
            point = None if lon is None or lat is None else (lon, lat)
        if (word := cell.get(Field.DATUM)) is not None:
            datum = datum_in(word)
            if datum is None:
                self.fault(row, Field.DATUM, What.DATUM, (f"不认识的坐标系{cells.shown(word)}", "unknown datum"))
            row.datum = datum or row.datum
        if point is not None and not self._displaced(row, at, *point):
            row.entered = point

    def _displaced(self, row: Row, at: Field, lon: float, lat: float) -> bool:
        near = self.known.near
        west, south, east, north = near or (-180.0, -90.0, 180.0, 90.0)
        if west <= lon <= east and south <= lat <= north:
            return False
        if west <= lat <= east and south <= lon <= north:
            self.fault(row, at, What.SWAPPED, (f"经度 {lon:g}、纬度 {lat:g} 写反了", f"{lon:g}, {lat:g} are swapped"))
            return True
        said = f"经度 {lon:g}、纬度 {lat:g} 不在本地附近", f"longitude {lon:g}, latitude {lat:g} is nowhere near here"
        self.fault(row, at, What.OUT_OF_RANGE, said)
        return True

    def _optics(self, row: Row, cell: Mapping[Field, str]) -> None:
        minor: tuple[tuple[Field, str, Callable[[str], Any]], ...] = (
            (Field.HEIGHT, "mount.height_m", lambda t: cells.metres(t, 0.5, 100)),
            (Field.AZIMUTH, "mount.azimuth_deg", cells.azimuth),
            (Field.TILT, "mount.tilt_deg", lambda t: cells.degrees(t, -90, 90)),
            (Field.HFOV, "lens.hfov_deg", lambda t: cells.degrees(t, 0.1, 360)),
            (Field.FOCAL, "lens.focal_mm", cells.millimetres),
            (Field.RANGE, "lens.range_m", lambda t: cells.metres(t, 0.1, 5000)),
            (Field.INSTALLED, "installed", cells.day),
        )
        for at, key, read in minor:
            value = self._try(row, at, cell, read, minor=True)
            if value is not None:
                row.values[key] = value
        size = self._try(row, Field.RESOLUTION, cell, cells.pixels, minor=True)
        if size is not None:
            row.values["lens.width_px"], row.values["lens.height_px"] = size

    def _rest(self, row: Row, cell: Mapping[Field, str]) -> None:
        for at in (Field.SERIAL, Field.MODEL, Field.MAKER):
            if at in cell:
                row.values[str(at)] = cell[at][:200]
        tags = self._try(row, Field.TAGS, cell, cells.tags, minor=True)
        if tags is not None:
            row.values["tags"] = tags
        credentials = {c: (c,) for c in self.known.registry.credential_by_id}
        named = (
            (Field.CONTRACTOR, self.known.contractors, "维保单位", "contractor"),
            (Field.LINK, self.known.links, "链路", "link"),
            (Field.CREDENTIAL, credentials, "凭据", "credential"),
        )
        for at, known, zh, en in named:
            if at not in cell:
                continue
            found = known.get(cell[at], ())
            if len(found) == 1:
                row.values[str(at)] = found[0]
            else:
                text = "***" if at is Field.CREDENTIAL else cells.shown(cell[at])
                said = f"配置里没有{zh}{text}", f"the configuration has no {en} {text}"
                self.fault(row, at, What.UNKNOWN_WORD, said, minor=True)


_DIGITS = 7
"""A centimetre."""


def _to_wgs84(rows: list[Row]) -> None:
    for datum in Datum:
        own = [row for row in rows if row.entered is not None and row.datum is datum]
        if not own:
            continue
        points = np.array([row.entered for row in own], dtype=np.float64)
        there = (points if datum in _UNSHIFTED else to_wgs84(points, datum)).round(_DIGITS)
        for row, (lon, lat) in zip(own, there.tolist(), strict=True):
            row.values["mount.lon_deg"], row.values["mount.lat_deg"] = lon, lat
