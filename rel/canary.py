"""A secret, in every shape that it could leave in, searched for in everything that a monitor leaves behind."""

from __future__ import annotations

import base64
import hashlib
import io
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from camfleet.hostile import FORMULA, MARKUP, REALM
from rel.town import PASSWORD


def shapes(secret: str) -> set[bytes]:
    """Return a secret as it stands, and as what packs or writes text would have it."""
    return {
        secret.encode(),
        quote(secret).encode(),
        secret.encode("utf-16-le"),
        secret.encode().hex().encode(),
        base64.b64encode(secret.encode()).rstrip(b"="),
    }


NEEDLES = shapes(PASSWORD) | {
    base64.b64encode(f"camkeeper:{PASSWORD}".encode()),
    # As good as the password at the device that asked by this realm.
    hashlib.md5(f"camkeeper:{REALM}:{PASSWORD}".encode(), usedforsecurity=False).hexdigest().encode(),
}
_DEEPEST = 4


def opened(name: str, data: bytes, deep: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes, and those of everything packed in them."""
    yield name, data
    if deep >= _DEEPEST:
        return
    if data[:4] == b"PK\3\4":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            for part in archive.namelist():
                yield from opened(f"{name}!{part}", archive.read(part), deep + 1)
    elif data[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for info in tar:
                source = tar.extractfile(info)
                if source is not None:
                    yield from opened(f"{name}!{info.name}", source.read(), deep + 1)
    elif data[:2] in {b"x\x9c", b"x\x01", b"x\xda", b"x^"}:
        with suppress(zlib.error):
            yield from opened(f"{name}!z", zlib.decompress(data), deep + 1)


def _rows(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every value of a database, unpacked where it is packed."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for row in db.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - names of our own schema
                for value in row:
                    if isinstance(value, str | bytes):
                        data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
                        yield from opened(f"{path.name}:{table}", data, _DEEPEST - 2)


def secrets(
    folder: Path, needles: AbstractSet[bytes] = NEEDLES, *, belongs: Callable[[Path], bool] = lambda _path: False
) -> tuple[list[str], int]:
    """Return where a secret was found, and how many pieces were searched; not in files where it `belongs`."""
    found: list[str] = []
    pieces = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not belongs(path)):
        data = path.read_bytes()
        parts = list(opened(path.name, data))
        if data[:15] == b"SQLite format 3":
            parts += list(_rows(path))
        pieces += len(parts)
        found += [where for where, part in parts if any(needle in part for needle in needles)]
    return found[:20], pieces


def shown(folder: Path) -> int:
    """Return how many files show a hostile device's own words at all, escaped or not."""
    word = MARKUP.partition(" ")[2].rstrip(">").encode()
    return sum(word in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def raw_words(folder: Path) -> list[str]:
    """Return pages and tables in which a device's own words stand unescaped: markup, direction marks, formulas."""
    found: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.name.startswith("page-") and MARKUP.encode() in data and b"<html" in data[:600]:
            found.append(f"{path.name}: markup")
        if path.suffix in {".csv", ".kml"} and (MARKUP.encode() in data or f'"{FORMULA}'.encode() in data):
            found.append(f"{path.name}: words of a device")
        if path.name.startswith("page-") and any(mark.encode() in data for mark in "\u202e\u2066\u001b"):
            found.append(f"{path.name}: marks of direction or control")
    return found
