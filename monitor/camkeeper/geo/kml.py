"""Writes KML 2.2 for Google Earth, Ovital and the like: placemarks with a style for each kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import shapely
from lxml import etree
from shapely.geometry.base import BaseGeometry

from camkeeper.geo.feature import Feature
from camkeeper.geo.geojson import DECIMALS, tidy

_NAMESPACE = "http://www.opengis.net/kml/2.2"  # the format's name, not an address to ask
STYLES: Mapping[str, tuple[str, str]] = {
    "viewshed": ("ff9e6b1f", "409e6b1f"),
    "lost": ("ff1f3fd0", "801f3fd0"),
    "blind": ("ff606060", "60808080"),
    "site": ("ff303030", "00ffffff"),
    "camera": ("ff9e6b1f", "ff9e6b1f"),
    "keyplace": ("ff007ad6", "60007ad6"),
    "obstacle": ("ff7f8f9f", "a07f8f9f"),
}
"""Kind -> line and fill as KML has colours: alpha, blue, green, red."""


def dumps(features: Iterable[Feature], *, name: str, description: str = "") -> bytes:
    """Return the document in UTF-8; what XML cannot hold of a name is replaced, what has no shape is left out."""
    root = etree.Element("kml", xmlns=_NAMESPACE)
    document = etree.SubElement(root, "Document")
    _text(document, "name", name)
    if description:
        _text(document, "description", description)
    for kind, (line, fill) in STYLES.items():
        _style(document, kind, line, fill)
    for feature in features:
        if not feature.geometry.is_empty:
            _placemark(document, feature)
    done: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return done


def write(path: Path | str, features: Iterable[Feature], *, name: str, description: str = "") -> None:
    """Write the document; OSError where the file cannot be written."""
    Path(path).write_bytes(dumps(features, name=name, description=description))


def _style(document: Any, kind: str, line: str, fill: str) -> None:
    style = etree.SubElement(document, "Style", id=kind)
    stroke = etree.SubElement(style, "LineStyle")
    _text(stroke, "color", line)
    _text(stroke, "width", "2")
    _text(etree.SubElement(style, "PolyStyle"), "color", fill)


def _placemark(document: Any, feature: Feature) -> None:
    mark = etree.SubElement(document, "Placemark")
    _text(mark, "name", str(feature.properties.get("name") or feature.id))
    kind = feature.properties.get("kind")
    if kind in STYLES:
        _text(mark, "styleUrl", f"#{kind}")
    data = etree.SubElement(mark, "ExtendedData")
    for key, value in feature.properties.items():
        entry = etree.SubElement(data, "Data", name=_clean(str(key)))
        _text(entry, "value", "" if value is None else str(value))
    _shape(mark, tidy(feature.geometry, DECIMALS))


def _shape(parent: Any, shape: BaseGeometry) -> None:
    parts = shapely.get_parts(shape).tolist()
    if len(parts) != 1:
        parent = etree.SubElement(parent, "MultiGeometry")
    for part in parts:
        if part.geom_type == "Polygon":
            polygon = etree.SubElement(parent, "Polygon")
            for tag, rings in (("outerBoundaryIs", [part.exterior]), ("innerBoundaryIs", part.interiors)):
                for ring in rings:
                    around = etree.SubElement(etree.SubElement(polygon, tag), "LinearRing")
                    _coordinates(around, ring)
        else:
            _coordinates(etree.SubElement(parent, "Point" if part.geom_type == "Point" else "LineString"), part)


def _coordinates(parent: Any, shape: BaseGeometry) -> None:
    points = shapely.get_coordinates(shape)
    _text(parent, "coordinates", " ".join(f"{lon:.{DECIMALS}f},{lat:.{DECIMALS}f}" for lon, lat in points))


def _text(parent: Any, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = _clean(text)


def _clean(text: str) -> str:
    """Return text without what XML 1.0 forbids: control characters, halves of surrogate pairs, non-characters."""
    return "".join(c if _allowed(ord(c)) else "�" for c in text)


def _allowed(code: int) -> bool:
    return code in {0x9, 0xA, 0xD} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
