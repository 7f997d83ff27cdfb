"""`camkeeper clock`: how far a device's clock was off, and what that makes of old footage; from the ledger alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from camkeeper.cli.incidents import JsonOption
from camkeeper.cli.run import LedgerOption
from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.judge.clock import Basis, Correction
    from camkeeper.model.picture import Drift

ROUNDS = 4
"""From the time shown to the true one: the offset is of the true one. Each round is right to the drift of the last."""


def clock(
    device: Annotated[str, typer.Argument(help="设备编号 / the device's id")],
    at: Annotated[
        str, typer.Option("--at", metavar="2026-05-03T14:00", help="录像画面上的时间，当地 / as the footage shows it")
    ] = "",
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    as_json: JsonOption = False,
) -> None:
    """设备时钟走得准不准：历史，以及旧录像上的时间应如何更正。只读账本，监测不必在运行。

    A device's clock against ours: its history, and how the time on old footage is corrected. Reads the ledger alone.
    """
    history, zone = _history(ledger, device)
    if not history:
        tell(f"{device} 的时钟没有记录", f"nothing is on record of the clock of {device}")
        return
    shown_ms = None if not at else _instant(at, zone)
    found = None if shown_ms is None else _true(history, shown_ms)
    if as_json:
        print(json.dumps(_json(device, zone, history, shown_ms, found), ensure_ascii=False, indent=2))
        return
    _show(device, zone, history)
    if shown_ms is not None and found is not None:
        _correct(shown_ms, found, zone)


def _history(ledger: Path, device: str) -> tuple[tuple[Drift, ...], str]:
    from camkeeper.ledger import LedgerError, LedgerReader
    from camkeeper.model.span import Span

    try:
        with LedgerReader(ledger) as reader, reader.reading():
            config, history = reader.config_at(), reader.drifts(device, Span(start_ms=-(2**62), end_ms=2**62))
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
    if config is None or device not in config.config.device_by_id:
        if history and config is not None:
            return history, next(site.timezone for site in config.config.sites if site.parent_id is None)
        fail(f"没有设备 {device}；请核对编号", f"there is no device {device}; check its id")
    return history, config.config.zone_of(device)


def _instant(text: str, zone: str) -> int:
    try:
        return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    except ValueError:
        fail(f"时间应写作 2026-05-03T14:00：{text}", f"a time is written 2026-05-03T14:00, not {text}", code=2)


def _true(history: tuple[Drift, ...], shown_ms: int) -> tuple[int, Correction] | None:
    """Return the true instant behind what the footage shows, and what that rests on."""
    from camkeeper.judge.clock import correction

    true_ms, by = shown_ms, None
    for _ in range(ROUNDS):
        by = correction(history, true_ms)
        if by is None:
            return None
        true_ms = shown_ms - round(by.offset_s * 1000)
    return None if by is None else (true_ms, by)


def _show(device: str, zone: str, history: tuple[Drift, ...]) -> None:
    from rich.table import Table

    from camkeeper.message.times import clock_off
    from camkeeper.model.channel import Language

    table = Table(title=f"{device}：时钟偏差 clock")
    for heading in ("时间\nat", "偏差（秒）\noffset, s", "说明", "in words"):
        table.add_column(heading, justify="right" if "offset" in heading else "left", no_wrap=True)
    newest_ms = history[-1].at_ms
    for drift in history:
        words = (clock_off(drift.offset_s, drift.at_ms, newest_ms, zone, language) for language in Language)
        table.add_row(_local(drift.at_ms, zone), f"{drift.offset_s:+.1f}", *words)
    wide_console().print(table)


def _correct(shown_ms: int, found: tuple[int, Correction], zone: str) -> None:
    true_ms, by = found
    zh, en = _why(by.basis)
    shown, true = _local(shown_ms, zone), _local(true_ms, zone)
    tell(
        f"画面上的 {shown} 实为 {true}（偏差 {by.offset_s:+.1f} 秒，{zh}）",
        f"{shown} on the footage was {true} ({by.offset_s:+.1f} s; {en})",
    )
    if by.or_s is not None:
        other = _local(shown_ms - round(by.or_s * 1000), zone)
        tell(f"若在变动的另一侧，则为 {other}", f"or {other}, if it was filmed on the other side of that")


def _why(basis: Basis) -> tuple[str, str]:
    from camkeeper.judge.clock import Basis

    return {
        Basis.BETWEEN: ("前后两次测得之间推算", "between two readings"),
        Basis.STEP: ("其间时钟被人校过，取较近的一次", "the clock was set in between: the nearer reading"),
        Basis.GAP: ("其间几天没有测，取较近的一次", "nobody asked for days: the nearer reading"),
        Basis.BEFORE: ("早于第一次测得，只供参考", "before the first reading: a guess"),
        Basis.AFTER: ("晚于最后一次测得", "after the newest reading"),
    }[basis]


def _local(at_ms: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def _json(
    device: str, zone: str, history: tuple[Drift, ...], shown_ms: int | None, found: tuple[int, Correction] | None
) -> dict[str, object]:
    out: dict[str, object] = {
        "device": device,
        "timezone": zone,
        "history": [{"at_ms": d.at_ms, "offset_s": d.offset_s} for d in history],
    }
    if shown_ms is not None and found is not None:
        true_ms, by = found
        out["correction"] = {
            "shown_ms": shown_ms,
            "true_ms": true_ms,
            "offset_s": by.offset_s,
            "or_s": by.or_s,
            "basis": by.basis.value,
        }
    return out
