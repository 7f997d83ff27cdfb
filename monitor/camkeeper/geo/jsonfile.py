"""Reads a GeoJSON FeatureCollection of unknown origin: bounded in size, told in words where it isn't one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camcover.datum import Datum
from camkeeper.geo.fault import UnreadableError, printable, shown

LIMIT_BYTES = 100_000_000
"""The parsed form takes about ten times the room; larger data belong into a GeoPackage or PBF."""

# What old writers (before RFC 7946) put into `crs`; all others are projected or unknown.
_DEGREES = {
    "CRS84": Datum.WGS84,
    "EPSG:4326": Datum.WGS84,
    "EPSG::4326": Datum.WGS84,
    "EPSG:4490": Datum.CGCS2000,
    "EPSG::4490": Datum.CGCS2000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A FeatureCollection; its features are not looked at yet."""

    datum: Datum
    members: Mapping[str, Any]
    """Top-level members but `features`."""
    features: list[Any]


def bounded_bytes(path: Path, limit: int = LIMIT_BYTES) -> bytes:
    """Return the file's bytes; UnreadableError where it isn't a file, or too large."""
    try:
        if not path.is_file():
            if path.exists():
                raise UnreadableError(f"{path} 不是文件", f"{path} is no file")
            raise UnreadableError(f"找不到文件 {path}：请检查路径", f"no such file {path}: check the path")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UnreadableError(
            f"打不开 {path}：{error.strerror or error}", f"cannot open {path}: {error.strerror or error}"
        ) from None
    if len(data) > limit:
        size = f"{limit / 1e6:g} MB"
        raise UnreadableError(
            f"{path} 超过 {size}：请裁剪到所需范围",
            f"{path} is larger than {size}: cut it to what is needed",
        )
    return data


def collection(path: Path, limit: int = LIMIT_BYTES) -> Collection:
    """Return the FeatureCollection in the file; UnreadableError tells why it is none."""
    document = _parsed(path, bounded_bytes(path, limit))
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        kind = shown(document.get("type")) if isinstance(document, dict) else shown(document)
        raise UnreadableError(
            f"{path} 不是 GeoJSON FeatureCollection（type 为 {kind}）",
            f"{path} is no GeoJSON FeatureCollection (its type is {kind})",
        )
    features = document.get("features")
    if not isinstance(features, list):
        raise UnreadableError(f"{path} 缺少 features 列表", f"{path} has no list of features")
    members = {key: value for key, value in document.items() if key != "features"}
    return Collection(datum=_datum(path, members), members=members, features=features)


def _parsed(path: Path, data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"{path} 不是 UTF-8 编码（第 {error.start} 字节起）：请另存为 UTF-8",
            f"{path} is not UTF-8 (from byte {error.start}): save it as UTF-8",
        ) from None
    except RecursionError:
        raise UnreadableError(f"{path} 嵌套过深", f"{path} is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"{path} 不是 JSON：第 {error.lineno} 行第 {error.colno} 列",
            f"{path} is not JSON: line {error.lineno} column {error.colno}: {error.msg}",
        ) from None
    except ValueError:  # an integer of more than 4,300 digits
        raise UnreadableError(f"{path} 含有无法读取的数字", f"{path} has a number that cannot be read") from None


def _datum(path: Path, members: Mapping[str, Any]) -> Datum:
    from_crs = _datum_of_crs(path, members["crs"]) if members.get("crs") is not None else None
    given = members.get("datum")
    if given is None:
        return from_crs or Datum.WGS84
    try:
        return Datum(given)
    except ValueError:
        known = " ".join(str(datum) for datum in Datum)
        raise UnreadableError(
            f"{path}：datum 应为下列之一：{known}；不是 {shown(given)}",
            f"{path}: datum wants one of: {known}; not {shown(given)}",
        ) from None


def _datum_of_crs(path: Path, crs: Any) -> Datum:
    name = crs.get("properties", {}) if isinstance(crs, dict) else crs
    name = name.get("name") if isinstance(name, dict) else name
    if isinstance(name, str):
        for ending, datum in _DEGREES.items():
            if name.upper().endswith(ending):
                return datum
        name = printable(name)
    raise UnreadableError(
        f"{path}：坐标系 {name} 不是经纬度：请按 WGS 84（EPSG:4326）导出",
        f"{path}: the CRS {name} is not in degrees: export it as WGS 84 (EPSG:4326)",
    )
