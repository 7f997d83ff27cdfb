"""Registers as people keep them, made up: several layouts, and faults planted at known cells."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xlsxwriter

from camcover.datum import Datum, from_wgs84
from camkeeper.register.finding import What

VILLAGES = 27
_STEP_DEG = 0.02
_HALF_DEG = 0.006
_WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")


def config(devices: int = 0) -> str:
    """Return a configuration of 27 villages, with `devices` cameras of the clean register enrolled."""
    lines = [
        "name: 试验镇", "datum: wgs84", "sites:",
        "- {id: town, name: 试验镇, kind: town, target: 95, timezone: Asia/Shanghai, code: 411122110}",
    ]  # fmt: skip
    for n in range(VILLAGES):
        x, y = centre(n)
        corners = [(x - _HALF_DEG, y - _HALF_DEG), (x + _HALF_DEG, y - _HALF_DEG), (x + _HALF_DEG, y + _HALF_DEG),
                   (x - _HALF_DEG, y + _HALF_DEG)]  # fmt: skip
        ring = ", ".join(f"[{a:.4f}, {b:.4f}]" for a, b in corners)
        lines.append(
            f"- {{id: v{n:02d}, name: {village(n)}村, kind: village, parent: town, code: 411122110{201 + n}, target: 95,"  # noqa: E501
            f" timezone: Asia/Shanghai, boundary: [{ring}]}}"
        )
    lines += ["contractors:", "- {id: firm, name: 某某科技有限公司}", "devices:"]
    rng = random.Random(7)
    for row in rows(devices, rng):
        lines.append(
            f"- {{id: {row['id']}, name: {row['name']}, kind: camera, site: v{row['v']:02d}, address: {{host: {row['ip']}}},"  # noqa: E501
            f" mount: {{lon_deg: {row['lon']:.6f}, lat_deg: {row['lat']:.6f}, height_m: 5, azimuth_deg: 90}},"
            f' gb_id: "{row["gb"]}", contractor: firm}}'
        )
    return "\n".join(lines) + ("\n" if devices else " []\n")


def village(n: int) -> str:
    return "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严"[n] + "家庄"


def centre(n: int) -> tuple[float, float]:
    return 113.70 + (n % 9) * _STEP_DEG, 33.70 + (n // 9) * _STEP_DEG


def rows(count: int, rng: random.Random) -> list[dict[str, Any]]:
    """Return clean rows, those of a village together."""
    out = []
    for i in range(count):
        v = i * VILLAGES // count
        x, y = centre(v)
        out.append(
            {
                "id": f"c-{i:05d}", "name": f"{village(v)}村点位{i}", "v": v, "ip": f"10.{20 + i // 60000}.{i // 240 % 250}.{i % 240 + 1}",  # noqa: E501
                "lon": round(x + rng.uniform(-0.005, 0.005), 6), "lat": round(y + rng.uniform(-0.005, 0.005), 6),
                "gb": f"411122{11:02d}00132{i:07d}",
            }
        )  # fmt: skip
    return out


@dataclass(frozen=True, kw_only=True)
class Messy:
    """A file and what is wrong in it."""

    name: str
    data: bytes
    planted: set[tuple[int, What]] = field(default_factory=set)
    """(row as a spreadsheet counts, what)."""
    clean: int = 0


Cells = dict[str, str]


def _unknown_site(c: Cells) -> None:
    c["行政村"] = "不在册村"


def _bad_ip(c: Cells) -> None:
    c["IP地址"] = "10.20.300.4"


def _bad_port(c: Cells) -> None:
    c["端口"] = "99999"


def _short_gb(c: Cells) -> None:
    c["国标编号"] = c["国标编号"][:19]


def _foreign_gb(c: Cells) -> None:
    c["国标编号"] = "310112" + c["国标编号"][6:]


def _type_gb(c: Cells) -> None:
    c["国标编号"] = c["国标编号"][:10] + "118" + c["国标编号"][13:]


def _swapped(c: Cells) -> None:
    c["经度"], c["纬度"] = c["纬度"], c["经度"]


def _lost_digit(c: Cells) -> None:
    c["经度"] = "13.85"


def _half(c: Cells) -> None:
    c["纬度"] = ""


def _azimuth(c: Cells) -> None:
    c["方位角"] = "470"


def _height(c: Cells) -> None:
    c["安装高度（米）"] = "四米五左右"


def _kind(c: Cells) -> None:
    c["设备类型"] = "无人机"


def _date(c: Cells) -> None:
    c["安装日期"] = "2023-13-40"


def _id(c: Cells) -> None:
    c["设备编号"] = "一号机"


def _coordinate(c: Cells) -> None:
    c["经度"] = "113度七十分"


FAULTS: tuple[tuple[Callable[[Cells], None], What], ...] = (
    (_unknown_site, What.UNKNOWN_SITE), (_bad_ip, What.ADDRESS), (_bad_port, What.OUT_OF_RANGE),
    (_short_gb, What.GB_ID), (_foreign_gb, What.GB_REGION), (_type_gb, What.GB_TYPE), (_swapped, What.SWAPPED),
    (_lost_digit, What.OUT_OF_RANGE), (_half, What.HALF_POSITION), (_azimuth, What.OUT_OF_RANGE),
    (_height, What.UNREADABLE), (_kind, What.UNKNOWN_WORD), (_date, What.UNREADABLE), (_id, What.UNREADABLE),
    (_coordinate, What.UNREADABLE),
)  # fmt: skip
_MORE = ("所属派出所", "联系人", "联系电话", "取电方式", "传输方式", "补光", "存储天数", "网关", "子网掩码", "MAC地址",
         "状态", "备注")  # fmt: skip


def _dms(value: float) -> str:
    seconds = round(value * 3600, 3)
    return f"{int(seconds // 3600)}°{int(seconds % 3600 // 60)}′{seconds % 60:.3f}″"


def cells_of(row: dict[str, Any], n: int, rng: random.Random) -> Cells:
    """Return the cells of a row, in one of the spellings that people use."""
    dms = n % 5 == 2
    name = village(row["v"])
    return {
        "序号": str(n + 1), "设备编号": row["id"], "设备名称": row["name"],
        "设备类型": rng.choice(("枪机", "固定摄像机", "camera")),
        "行政村": rng.choice((f"{name}村", name, f"{name}村村民委员会", f"411122110{201 + row['v']}", f"{name}村委会")),
        "IP地址": row["ip"].translate(_WIDE) if n % 11 == 3 else row["ip"], "端口": rng.choice(("80", "", "８０")),
        "国标编号": row["gb"], "经度": _dms(row["lon"]) if dms else f"{row['lon']:.6f}",
        "纬度": _dms(row["lat"]) if dms else f"{row['lat']:.6f}",
        "安装高度（米）": rng.choice(("5", "5米", "5.0m", "５")), "方位角": rng.choice(("东", "90", "90°", "正东", "朝东")),  # noqa: E501
        "维保单位": rng.choice(("某某科技有限公司", "")), "安装日期": rng.choice(("2023-05-17", "2023年5月", "2023/5/17", "")),  # noqa: E501
        "分辨率": rng.choice(("200万", "1080P", "1920*1080")), "厂家": "甲厂", "型号": "IPC-1", "序列号": f"SN{n:08d}",
        **dict.fromkeys(_MORE, "-"),
    }  # fmt: skip


def messy(count: int, *, layout: str, faults: int, seed: int = 7, shift: Datum = Datum.WGS84) -> Messy:
    """Return a register of `count` rows by 30 cells in a layout: `xlsx`, `csv-gb`, `csv-tab`."""
    rng = random.Random(seed)
    clean = rows(count, random.Random(7))
    if shift is not Datum.WGS84:
        moved = from_wgs84(np.array([(r["lon"], r["lat"]) for r in clean]), shift)
        for row, (lon, lat) in zip(clean, moved.tolist(), strict=True):
            row["lon"], row["lat"] = lon, lat
    table = [cells_of(row, n, rng) for n, row in enumerate(clean)]
    heads = list(table[0])
    lines = [[f"试验镇视频监控点位登记表（{layout}）"], ["填报单位：某某科技", "", "", "坐标系：WGS-84"], [], heads]
    planted: set[tuple[int, What]] = set()
    where = set(rng.sample(range(1, count), faults * 2)) if faults else set()
    for n, cells in enumerate(table):
        if n and n % 400 == 0:
            lines.append(heads)  # printed pages have their headings again
        if n in where and len(planted) < faults:
            plant, what = FAULTS[len(planted) % len(FAULTS)]
            plant(cells)
            planted.add((len(lines) + 1, what))
        lines.append(list(cells.values()))
        if n in where and n % 7 == 0 and faults and table[n - 1] and (len(lines) - 1, What.REPEATED_ROW) not in planted:
            planted |= _twice(lines, table[n - 1], planted)
    lines += [["合计", "", str(count)], ["备注：以上数据由各村上报"], ["填表人：张三", "", "审核人：李四"]]
    data = _workbook(lines, heads) if layout == "xlsx" else _text(lines, layout)
    return Messy(name=f"{layout}.{'xlsx' if layout == 'xlsx' else 'csv'}", data=data, planted=planted, clean=count)


def _twice(lines: list[list[str]], cells: Cells, planted: set[tuple[int, What]]) -> set[tuple[int, What]]:
    """Add a row again: once as it is, once with another name. Only rows that nobody planted anything in."""
    at = next((i + 1 for i, line in enumerate(lines) if line == list(cells.values())), 0)
    if not at or any(row == at for row, _ in planted):
        return set()
    lines.append(list(cells.values()))
    lines.append(list({**cells, "设备名称": "另一个名称"}.values()))
    return {(len(lines) - 1, What.REPEATED_ROW), (len(lines), What.DUPLICATE)}


def _text(lines: list[list[str]], layout: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter="\t" if layout == "csv-tab" else ",").writerows(lines)
    return out.getvalue().encode("gb18030" if layout == "csv-gb" else "utf-8-sig")


def _workbook(lines: list[list[str]], heads: list[str]) -> bytes:
    """Write a workbook with a merged title and the village's name merged over runs of the same text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.add_worksheet("封面").write_string(0, 0, "说明")
    sheet = book.add_worksheet("点位")
    centred = book.add_format({"align": "center"})
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            if column in {0, 8, 9} and text.replace(".", "").isascii() and text.replace(".", "").isdigit():
                sheet.write_number(row, column, float(text))
            else:
                sheet.write_string(row, column, text)
    sheet.merge_range(0, 0, 0, len(heads) - 1, lines[0][0], centred)
    at, column = 4, heads.index("行政村")
    while at < len(lines) - 3:
        end = at
        while (
            end + 1 < len(lines) and len(lines[end + 1]) == len(heads) and lines[end + 1][column] == lines[at][column]
        ):
            end += 1
        if end > at:
            sheet.merge_range(at, column, end, column, lines[at][column], centred)
        at = end + 1
    book.close()
    return out.getvalue()
