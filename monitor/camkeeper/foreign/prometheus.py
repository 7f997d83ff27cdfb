"""Prometheus: `probe_success` or `up`, as its HTTP API (v1, query_range) answers or as text with timestamps.

Text: OpenMetrics 1.0 (timestamps in seconds, ends with `# EOF`, as `promtool tsdb dump-openmetrics` writes) or the
exposition format (milliseconds, as `promtool tsdb dump` writes). 1 is up, 0 is down, NaN says nothing.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from camkeeper.account.fault import UnreadableError
from camkeeper.foreign.found import GAPS, NO_UPLINK, Gathering, History, Note
from camkeeper.model.status import Status

_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)?(\{.*\})?\s+(\S+)\s+(-?[0-9.eE+]+)(?:\s+#.*)?$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"')
_NAMED = ("device", "camera", "instance", "target")
"""Labels that name a device, the best one first."""
STALE = Note(
    zh="Prometheus 在目标消失 5 分钟后才停止给出旧值；查询步长大于采样间隔会漏掉短断线",
    en="Prometheus goes on with an old value for 5 minutes; a step longer than the scrape hides short outages",
)


def read_prometheus(data: bytes, *, source: str) -> History:
    """Read either form. UnreadableError where it is none."""
    out = Gathering(source)
    text = _text(data, source)
    if text.lstrip().startswith("{") and '"status"' in text[:4096]:
        _matrix(text, out)
    else:
        _lines(text, out)
    if not out.rows and not out.faults:
        raise UnreadableError(f"{source} 里没有样本", f"{source} has no sample")
    return out.finish((GAPS, NO_UPLINK, STALE))


def _text(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(f"{source} 不是 UTF-8", f"{source} is not UTF-8") from None


def _matrix(text: str, out: Gathering) -> None:
    try:
        value = json.loads(text)
        if value["status"] != "success" or value["data"]["resultType"] != "matrix":
            raise UnreadableError(
                f"{out.source} 不是区间查询的结果（需要 query_range）",
                f"{out.source} is not the answer of a range query (query_range)",
            )
        series: list[dict[str, Any]] = value["data"]["result"]
        for number, one in enumerate(series, 1):
            device = _device(one["metric"])
            for at, said in one["values"]:
                _take(out, device, Decimal(str(at)) * 1000, str(said), number)
    except (ValueError, KeyError, TypeError, InvalidOperation, RecursionError) as error:
        raise UnreadableError(f"{out.source} 读不出：{error}", f"{out.source} cannot be read: {error}") from error


def _lines(text: str, out: Gathering) -> None:
    lines = text.splitlines()
    seconds = any(line.strip() == "# EOF" for line in lines[-3:])
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.match(line.strip())
        if found is None:
            out.wrong(number, "不是带时间戳的样本", "not a sample with a timestamp")
            continue
        labels = dict(_LABEL.findall(found.group(2) or ""))
        name = found.group(1) or labels.get("__name__", "")
        if name not in {"probe_success", "up"}:
            out.strange.add(name)
            continue
        try:
            at = Decimal(found.group(4)) * (1000 if seconds else 1)
        except InvalidOperation:
            out.wrong(number, f"时间戳读不出：{found.group(4)}", f"no timestamp: {found.group(4)}")
            continue
        _take(out, _device(labels), at, found.group(3), number)


def _device(labels: dict[str, str]) -> str:
    named = next((labels[key] for key in _NAMED if labels.get(key)), None)
    return named or ",".join(f"{k}={v}" for k, v in sorted(labels.items()) if k != "__name__") or "?"


def _take(out: Gathering, device: str, at: Decimal, said: str, line: int) -> None:
    try:
        value = float(said)
    except ValueError:
        out.wrong(line, f"值读不出：{said}", f"no value: {said}")
        return
    if math.isnan(value):
        return
    if value not in {0.0, 1.0}:
        out.wrong(line, f"值 {said} 既不是 0 也不是 1", f"value {said} is neither 0 nor 1")
        return
    out.add(device, int(at), Status.UP if value else Status.DOWN)
