"""A webhook of ours on 127.0.0.1: takes every message and keeps it, in a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(kw_only=True)
class Hook:
    """Its address, and what came."""

    url: str = ""
    came: list[dict[str, Any]] = field(default_factory=list)

    def facts(self) -> list[dict[str, Any]]:
        """Return what each message says for programs."""
        return [message["camkeeper"]["facts"] for message in list(self.came)]

    def channel(self) -> dict[str, str]:
        """Return the entry of a configuration's `channels`."""
        return {"id": "hook", "kind": "webhook", "url": self.url}


@contextmanager
def hook() -> Iterator[Hook]:
    """Listen until the block ends."""
    heard = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        heard.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield heard
        finally:
            server.shutdown()
            thread.join()
