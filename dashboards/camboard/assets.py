"""The few files a page needs, in memory: no path from a request ever meets the file system."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file, with the address that names its contents."""

    name: str
    body: bytes
    packed: bytes
    """The same, compressed once for all who ask."""
    content_type: str
    digest: str

    @property
    def address(self) -> str:
        """The address with its digest: a changed file has another address, so browsers may keep this one."""
        return f"/static/{self.name}?v={self.digest}"


@cache
def assets() -> dict[str, Asset]:
    """Return every asset by name."""
    out = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:12]
            out[path.name] = Asset(
                name=path.name,
                body=body,
                packed=gzip.compress(body, 9, mtime=0),
                content_type=_TYPES[path.suffix],
                digest=digest,
            )
    return out


async def static(request: web.Request) -> web.Response:
    """`GET /static/{name}`."""
    asset = assets().get(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound
    fresh = request.query.get("v") == asset.digest
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if fresh else "no-cache",
        "ETag": f'"{asset.digest}"',
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    if packed:
        headers["Content-Encoding"] = "gzip"
    body = asset.packed if packed else asset.body
    return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)
