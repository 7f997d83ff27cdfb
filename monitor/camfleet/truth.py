"""The true course of every device, one JSON line a change: what a monitor's figures are compared with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any


class TruthLog:
    """Appends to a file; without one it forgets."""

    def __init__(self, path: Path | None) -> None:
        self._file: IO[str] | None = None if path is None else path.open("a", encoding="utf-8")

    def tell(self, **line: Any) -> None:
        """Append one line."""
        if self._file is not None:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def flush(self) -> None:
        """Let readers see what was told."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
