"""Cameras of an OpenStreetMap extract (`man_made=surveillance`) as a sheet: .osm, .osm.pbf, Overpass JSON, GeoJSON.

The map knows where a camera is and where it looks; it knows no address. So an extract fills in what the register lacks
of cameras that are enrolled, and lists the others as rows that still want their address.
Tags: wiki.openstreetmap.org/wiki/Tag:man_made=surveillance. Data are under the ODbL, which asks for the notice.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from camkeeper.model.equipment import Device
from camkeeper.register.known import Known
from camkeeper.register.reading import MAX_BYTES, MAX_ROWS, UnreadableRegister
from camkeeper.register.table import Sheet

NOTICE: Final = "© OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright"
SAME_M: Final = 15.0
"""A camera of the map this near to the only registered one is that one: mappers place them by aerial pictures."""
HEADINGS: Final = (
    "设备编号", "设备名称", "设备类型", "所属村", "IP地址", "经度(WGS-84)", "纬度(WGS-84)", "安装高度(米)", "方位角",
    "俯角", "维保单位", "厂家", "型号", "安装日期", "备注",
)  # fmt: skip
_M_PER_DEG: Final = 111_320.0
_COMPASS: Final = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_NUMBER: Final = re.compile(r"\s*(-?\d{1,4}(?:\.\d{1,6})?)\s*(?:°|m|metres|meters)?\s*")
_ENDS: Final = (".osm", ".osm.pbf", ".pbf", ".osm.json", ".geojson", ".json")
_DAY: Final = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """One camera of the map; WGS-84."""

    osm_id: str
    """`node/123`."""
    lon_deg: float
    lat_deg: float
    tags: Mapping[str, str]


def is_osm(data: bytes, name: str) -> bool:
    """Return whether a file is meant as an extract: by its name, or by how it begins."""
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if name.lower().endswith(_ENDS):
        return True
    return head.startswith(b"<?xml") and b"<osm" in head


def sheet_of_osm(data: bytes, name: str, known: Known) -> Sheet:
    """Return the cameras of an extract, one a row; UnreadableRegister where there is none."""
    if len(data) > MAX_BYTES:
        raise UnreadableRegister("文件超过 32 MiB", "the file is larger than 32 MiB")
    eyes = list(_eyes(data, name))
    if not eyes:
        raise UnreadableRegister(
            "文件里没有 man_made=surveillance 的摄像机点位", "there is no man_made=surveillance camera in the file"
        )
    there = _registered(eyes, known)
    rows = [_row(eye, there.get(eye.osm_id), known) for eye in eyes]
    return Sheet(name="OpenStreetMap", rows=(HEADINGS, *rows))


def _eyes(data: bytes, name: str) -> Iterator[Eye]:
    count = 0
    for osm_id, lon, lat, tags in _things(data, name):
        camera = tags.get("surveillance:type", "camera").lower() in {"camera", "alpr"}
        if tags.get("man_made") != "surveillance" or not camera:
            continue
        if not (math.isfinite(lon) and math.isfinite(lat)):
            continue
        count += 1
        if count > MAX_ROWS:
            raise UnreadableRegister(f"超过 {MAX_ROWS} 个点位", f"over {MAX_ROWS} cameras")
        yield Eye(osm_id=osm_id, lon_deg=lon, lat_deg=lat, tags=tags)


def _things(data: bytes, name: str) -> Iterator[tuple[str, float, float, dict[str, str]]]:
    if data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
        yield from _of_json(data)
        return
    import osmium

    form = "pbf" if name.lower().endswith("pbf") else "osm"
    try:
        node: Any
        for node in osmium.FileProcessor(osmium.io.FileBuffer(data, form), osmium.osm.NODE):
            if node.location.valid():
                yield f"node/{node.id}", node.location.lon, node.location.lat, dict(node.tags)
    except (RuntimeError, ValueError) as error:
        raise UnreadableRegister(f"读不了这个 OSM 文件（{error}）", f"this OSM file cannot be read: {error}") from None


def _of_json(data: bytes) -> Iterator[tuple[str, float, float, dict[str, str]]]:
    """Yield the nodes of what Overpass answers, or the points of a FeatureCollection."""
    try:
        root = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableRegister(f"不是可读的 JSON（{error}）", f"no JSON that can be read: {error}") from None
    if not isinstance(root, dict):
        raise UnreadableRegister("JSON 里没有要素", "there is no feature in this JSON")
    for place, thing in enumerate(_list(root, "elements") or _list(root, "features")):
        found = _element(thing, place) if isinstance(thing, dict) else None
        if found is not None:
            yield found


def _list(root: Mapping[str, Any], key: str) -> list[Any]:
    value = root.get(key)
    return value if isinstance(value, list) else []


def _element(thing: dict[str, Any], place: int) -> tuple[str, float, float, dict[str, str]] | None:
    geometry, tags = thing.get("geometry"), thing.get("tags", thing.get("properties"))
    if isinstance(tags, dict) and isinstance(tags.get("tags"), dict):
        tags = tags["tags"]
    point: Any = (thing.get("lon"), thing.get("lat"))
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        point = geometry.get("coordinates")
    if not isinstance(tags, dict) or not isinstance(point, list | tuple) or len(point) < 2:
        return None
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) <= 180 for v in point[:2]):
        return None
    osm_id = tags.get("@id") or thing.get("id") or place
    kind = "" if isinstance(osm_id, str) and "/" in osm_id else f"{thing.get('type', 'node')}/"
    told = {str(k): v for k, v in tags.items() if isinstance(v, str)}
    return f"{kind}{osm_id}".replace("Feature/", "node/"), float(point[0]), float(point[1]), told


def _registered(eyes: list[Eye], known: Known) -> dict[str, Device]:
    """Return which device each camera of the map is: by its own earlier id, its reference, else where it stands."""
    devices, out = known.registry.device_by_id, dict[str, Device]()
    for eye in eyes:
        found = devices.get(own_id(eye)) or devices.get(eye.tags.get("ref", ""))
        if found is not None:
            out[eye.osm_id] = found
    taken = {device.id for device in out.values()}
    placed = [d for d in known.registry.devices if d.mount is not None and d.kind.has_picture and d.id not in taken]
    loose = [eye for eye in eyes if eye.osm_id not in out]
    if not placed or not loose:
        return out
    own = np.array([(d.mount.lon_deg, d.mount.lat_deg) for d in placed if d.mount is not None], dtype=np.float64)
    theirs = np.array([(e.lon_deg, e.lat_deg) for e in loose], dtype=np.float64)
    scale = np.array([_M_PER_DEG * math.cos(math.radians(float(own[:, 1].mean()))), _M_PER_DEG])
    own_tree = shapely.STRtree(shapely.points(own * scale))
    near: list[list[int]] = [[] for _ in loose]
    seen: list[list[int]] = [[] for _ in placed]
    for eye_at, own_at in own_tree.query(shapely.points(theirs * scale), "dwithin", SAME_M).T.tolist():
        near[eye_at].append(own_at)
        seen[own_at].append(eye_at)
    for eye_at, found_at in enumerate(near):
        if len(found_at) == 1 and len(seen[found_at[0]]) == 1:
            out[loose[eye_at].osm_id] = placed[found_at[0]]
    return out


def own_id(eye: Eye) -> str:
    """Return the id that a camera of the map gets here: `osm-node-123`."""
    return "osm-" + re.sub(r"[^0-9A-Za-z]+", "-", eye.osm_id).strip("-")[:60]


def _row(eye: Eye, device: Device | None, known: Known) -> tuple[str, ...]:
    """Return a row; of a camera that is enrolled neither name, kind, village nor position: those are surveyed."""
    tags = eye.tags
    operator = tags.get("operator", "")
    contractor = operator if operator in known.contractors else ""
    told = [f"operator={operator}"] if operator and not contractor else []
    aim = (_metres(tags), _bearing(tags), _number(tags.get("camera:angle", "")))
    tail = (contractor, tags.get("manufacturer", ""), tags.get("model", ""), _day(tags), " ".join([eye.osm_id, *told]))
    if device is not None:
        return (device.id, "", "", "", "", "", "", *aim, *tail)
    name = tags.get("name") or tags.get("description") or f"OSM {eye.osm_id}"
    where = (f"{eye.lon_deg:.7f}", f"{eye.lat_deg:.7f}")
    return (own_id(eye), name, _kind(tags), _site(eye, known), "", *where, *aim, *tail)


def _kind(tags: Mapping[str, str]) -> str:
    if tags.get("surveillance:type", "").lower() == "alpr":
        return "checkpoint"
    return "ptz" if tags.get("camera:type") == "panning" else "camera"


def _site(eye: Eye, known: Known) -> str:
    point = shapely.Point(eye.lon_deg, eye.lat_deg)
    holding = [(area.area, site) for site, area in known.areas.items() if area.contains(point)]
    return min(holding)[1] if holding else ""


def _bearing(tags: Mapping[str, str]) -> str:
    """Return degrees clockwise from north; empty for words, ranges and domes that look everywhere."""
    text = (tags.get("camera:direction") or tags.get("direction") or "").strip()
    if text.upper() in _COMPASS:
        return f"{_COMPASS.index(text.upper()) * 22.5:g}"
    return _number(text)


def _metres(tags: Mapping[str, str]) -> str:
    return _number(tags.get("height", ""))


def _number(text: str) -> str:
    found = _NUMBER.fullmatch(text)
    return found[1] if found else ""


def _day(tags: Mapping[str, str]) -> str:
    text = tags.get("start_date", "")
    return text if _DAY.fullmatch(text) else ""
