"""Zabbix 5.0 to 7.0: values of a check that is 1 or 0 (icmpping, zabbix[host,agent,available]), or problems.

Forms: `history.get` of its API (JSON), its real-time export (NDJSON: item values, or problems and recoveries), and CSV
of its history tables (`itemid,clock,value` with `ns` where there is one).
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from camkeeper.account.fault import UnreadableError
from camkeeper.foreign.found import GAPS, NO_UPLINK, Gathering, History, Note, stretched
from camkeeper.model.status import Status

EVENTS = Note(
    zh="问题记录只有变化：两次变化之间按上一状态算，Zabbix 自己停机看不出来；首条之前、末条之后算未知",
    en="problems are changes alone: between two the last one holds, and a stop of Zabbix itself does not show; before"
    " the first and after the last is unknown",
)
TRIGGERS = Note(
    zh="问题何时开始由触发器表达式决定（例如连续三次失败），比第一次失败晚",
    en="when a problem begins is up to the trigger (three failures in a row, say): later than the first failure",
)
_Changes = dict[str, list[tuple[int, Status]]]


def read_zabbix(data: bytes, *, source: str, every_ms: int) -> History:
    """Read any of the forms; `every_ms` is the interval of the check. UnreadableError where it is none of them."""
    out = Gathering(source)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(f"{source} 不是 UTF-8", f"{source} is not UTF-8") from None
    changes: _Changes = {}
    head = text.lstrip()[:1]
    if head == "[" or (head == "{" and '"jsonrpc"' in text[:4096]):
        _history(text, out)
    elif head == "{":
        _export(text, out, changes)
    else:
        _table(text, out)
    last_ms = max((at_ms for listed in changes.values() for at_ms, _ in listed), default=0)
    for device, listed in sorted(changes.items()):
        stretched(out, device, listed, every_ms=every_ms, until_ms=last_ms)
    if not out.rows and not out.faults:
        raise UnreadableError(f"{source} 里没有样本", f"{source} has no sample")
    return out.finish((GAPS, NO_UPLINK, EVENTS, TRIGGERS) if changes else (GAPS, NO_UPLINK))


def _history(text: str, out: Gathering) -> None:
    try:
        value = json.loads(text)
        rows = value["result"] if isinstance(value, dict) else value
        for number, row in enumerate(rows, 1):
            _value(out, _name(row), row, number)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"{out.source} 读不出：{error}", f"{out.source} cannot be read: {error}") from error


def _export(text: str, out: Gathering, changes: _Changes) -> None:
    problems: dict[int, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "itemid" in row:
                _value(out, _name(row), row, number)
            elif int(row["value"]) == 1:
                hosts = [str(host["host"]) for host in row["hosts"]]
                problems[int(row["eventid"])] = hosts
                _change(changes, hosts, _at(row), Status.DOWN)
            else:
                _change(changes, problems.pop(int(row["p_eventid"]), []), _at(row), Status.UP)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            out.wrong(number, "不是 Zabbix 实时导出的一行", "not a line of Zabbix's real-time export")


def _change(changes: _Changes, hosts: list[str], at_ms: int, status: Status) -> None:
    for host in hosts:
        changes.setdefault(host, []).append((at_ms, status))


def _table(text: str, out: Gathering) -> None:
    rows = csv.DictReader(io.StringIO(text))
    if not {"clock", "value"} <= set(rows.fieldnames or ()):
        raise UnreadableError(
            f"{out.source} 既不是 Zabbix 的 JSON，也没有 itemid,clock,value 表头",
            f"{out.source} is no JSON of Zabbix, and has no header itemid,clock,value",
        )
    try:
        for row in rows:
            _value(out, _name(row), row, rows.line_num)
    except csv.Error as error:
        raise UnreadableError(f"{out.source} 读不出：{error}", f"{out.source} cannot be read: {error}") from error


def _name(row: dict[str, Any]) -> str:
    host = row.get("host")
    if isinstance(host, dict):
        host = host.get("host")
    return str(host or row.get("itemid") or "?")


def _at(row: dict[str, Any]) -> int:
    return int(row["clock"]) * 1000 + int(row.get("ns") or 0) // 1_000_000


def _value(out: Gathering, device: str, row: dict[str, Any], line: int) -> None:
    try:
        at_ms, value = _at(row), float(row["value"])
    except (ValueError, KeyError, TypeError):
        out.wrong(line, "时间或值读不出", "no time, or no value")
        return
    if value not in {0.0, 1.0}:
        out.wrong(line, f"值 {row['value']} 既不是 0 也不是 1", f"value {row['value']} is neither 0 nor 1")
        return
    out.add(device, at_ms, Status.UP if value else Status.DOWN)
