"""Files of obstacles named in the configuration: that they are there, of a kind that can be read, and named once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from camkeeper.config.fault import shown, shown_zh
from camkeeper.config.findings import Findings
from camkeeper.config.schema import ObstacleEntry
from camkeeper.model.cover import ObstacleFile

ENDINGS = (".geojson", ".json", ".gpkg", ".osm.pbf")


def check(entries: Mapping[int, ObstacleEntry], folder: Path, findings: Findings) -> tuple[ObstacleFile, ...]:
    """Return the files, paths taken from `folder` (the configuration's), and add the faults of the others.

    What is inside is read, and told feature by feature, where the geometry is wanted.
    """
    first: dict[Path, int] = {}
    out: list[ObstacleFile] = []
    for place, entry in entries.items():
        loc = ("obstacles", place, "path")
        path = folder / entry.path
        if path in first:
            line = findings.document.line(("obstacles", first[path], "path"))
            findings.fault(
                loc, zh=f"文件重复（第一次在第 {line} 行）", en=f"this file is there already, on line {line}"
            )
            continue
        first[path] = place
        if not entry.path.lower().endswith(ENDINGS):
            findings.fault(
                loc,
                zh=f"应为 {' '.join(ENDINGS)} 文件，不是{shown_zh(entry.path)}",
                en=f"wants a file {' '.join(ENDINGS)}, not {shown(entry.path)}",
            )
            continue
        found = _read(path, loc, findings)
        if found is not None:
            out.append(ObstacleFile(path=str(path), attribution=entry.attribution or "", digest=found))
    return tuple(out)


def _read(path: Path, loc: tuple[str | int, ...], findings: Findings) -> str | None:
    """Return the SHA-256 of the file, or tell why it can't be read."""
    try:
        if path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        findings.fault(
            loc,
            zh=f"没有文件 {path}；路径从本配置文件所在的文件夹算起",
            en=f"there is no file {path}; the path begins at this configuration's folder",
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        findings.fault(loc, zh=f"读不到文件 {path}（{why}）", en=f"{path} cannot be read: {why}")
    return None
