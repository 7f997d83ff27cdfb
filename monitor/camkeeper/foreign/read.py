"""Which histories are read, by the name of who wrote them."""

from __future__ import annotations

from pathlib import Path

from camkeeper.account.fault import UnreadableError
from camkeeper.foreign.found import MOST_BYTES, History
from camkeeper.foreign.kuma import read_kuma
from camkeeper.foreign.prometheus import read_prometheus
from camkeeper.foreign.zabbix import read_zabbix

SOURCES = ("prometheus", "zabbix", "uptime-kuma")


def read_history(source: str, path: Path, *, every_ms: int) -> History:
    """Return another monitor's history. UnreadableError where the file is none of it, OSError as reading goes.

    `every_ms`: between two checks, for sources that keep changes alone.
    """
    if source == "uptime-kuma":
        return read_kuma(path, source=path.name)
    if path.stat().st_size > MOST_BYTES:
        raise UnreadableError(f"{path.name} 太大：请分月导出", f"{path.name} is too large: export a month at a time")
    data = path.read_bytes()
    if source == "prometheus":
        return read_prometheus(data, source=path.name)
    return read_zabbix(data, source=path.name, every_ms=every_ms)
