"""Back to a workbook: every device a row; cells that the register corrected are marked, with what stood there before.

Every cell is written as text: a name that begins with = stays a name, and an id keeps its twenty digits.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from camkeeper.config import read
from camkeeper.config.registers import register_of
from camkeeper.register.kept import text
from camkeeper.register.known import flat
from camkeeper.register.store import Store, base_or_refused

_HEADS: Final = (
    ("id", "设备编号"), ("name", "设备名称"), ("kind", "设备类型"), ("site", "所属村"), ("address.host", "IP地址"),
    ("address.port", "端口"), ("address.rtsp_port", "RTSP端口"), ("gb_id", "国标编号"),
    ("mount.lon_deg", "经度(WGS-84)"), ("mount.lat_deg", "纬度(WGS-84)"), ("mount.height_m", "安装高度(米)"),
    ("mount.azimuth_deg", "方位角"), ("mount.tilt_deg", "俯角"), ("lens.hfov_deg", "水平视场角"),
    ("lens.range_m", "监控距离"), ("resolution", "分辨率"), ("contractor", "维保单位"), ("link", "链路"),
    ("maker", "厂家"), ("model", "型号"), ("serial", "序列号"), ("installed", "安装日期"),
    ("tags", "标签"),
)  # fmt: skip


def workbook(config: Path) -> bytes:
    """Return the register as XLSX; ConfigError, StoreRefused where the configuration cannot be read."""
    import xlsxwriter

    base = base_or_refused(Store(config))
    now = read(base.config, str(config)).registry
    nothing = {base.name: b"devices: []\n"} if base.named else None
    before = {d.id: _cells(flat(d), d.id) for d in read(base.config, str(config), nothing).registry.devices}
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("登记表")
    head, marked = book.add_format({"bold": True}), book.add_format({"bg_color": "#FFE8A3"})
    for column, (_, word) in enumerate(_HEADS):
        sheet.write_string(0, column, word, head)
    for row, device in enumerate(now.devices, start=1):
        old = before.get(device.id)
        for column, (key, value) in enumerate(_cells(flat(device), device.id).items()):
            was = value if old is None else old[key]
            corrected = old is not None and was != value
            sheet.write_string(row, column, value, marked if corrected else None)
            if corrected:
                sheet.write_comment(row, column, f"原为 / before: {was or '-'}")
    sheet.freeze_panes(1, 2)
    _sources(book, config, head)
    book.close()
    return out.getvalue()


def _sources(book: Any, config: Path, head: Any) -> None:
    """Write where the register comes from, and the attributions that go with it."""
    sheet = book.add_worksheet("来源 Sources")
    rows = [("文件 file", "SHA-256", "经手 by", "新增/变更/撤除")]
    rows += [
        (v.source, v.source_sha256, v.by, f"{v.added}/{v.changed}/{v.removed}")
        for v in Store(config).history()
        if v.undone_ms is None
    ]
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write_string(at, column, value, None if at else head)
    for at, notice in enumerate(notices_of(config), start=len(rows) + 1):
        sheet.write_string(at, 0, notice)


def notices_of(config: Path) -> tuple[str, ...]:
    """Return the attributions that go wherever the register's contents go; none where it cannot be read."""
    try:
        base = Store(config).base()
        found = None if base.register is None else register_of(base.register, base.name).root.get("notices")
    except (OSError, ValueError):
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _cells(values: dict[str, Any], device_id: str) -> dict[str, str]:
    size = [values.get("lens.width_px"), values.get("lens.height_px")]
    known = {**values, "id": device_id, "resolution": None if None in size else f"{size[0]}x{size[1]}"}
    return {key: "" if known.get(key) is None else text(known[key]) for key, _ in _HEADS}
