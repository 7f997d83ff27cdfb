"""`camkeeper verify`: is the record whole, and do the figures follow from it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.say import fail, tell
from camkeeper.cli.verify_bundle import is_bundle, verify_file

if TYPE_CHECKING:
    from camkeeper.ledger.verify import Verification

USAGE = 2
DEFAULT_LEDGER = Path("var/camkeeper.ledger")


def verify(
    ledger: Annotated[
        Path | None,
        typer.Argument(
            metavar="[LEDGER|BUNDLE]",
            help="账本或证据包 / the ledger, or a bundle; var/camkeeper.ledger",
            show_default=False,
        ),
    ] = None,
    *,
    ledger_option: Annotated[
        Path, typer.Option("--ledger", metavar="LEDGER", envvar="CAMKEEPER_LEDGER", help="账本文件 / the ledger")
    ] = DEFAULT_LEDGER,
    month: Annotated[
        str | None, typer.Option(metavar="2026-10", help="只核对一个月的数字 / figures of one month only")
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="HASH", help="留存的链头，须仍在链中；可重复 / a head that was kept: is it still there"),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="由链重建派生表，再核对 / make the derived tables anew, then verify")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """核验账本或证据包：逐条重算哈希链，由链重算区间、日汇总与封账数字，任何不符都指出是哪一条。

    Verify the ledger or a bundle (camkeeper export): every hash of the chain, and the figures anew from it; exit code 1
    names what does not hold. A bundle wants no ledger, no configuration and no network.
    """
    path = ledger or ledger_option
    if is_bundle(path) and not rebuild:
        verify_file(path, heads=head or [], month=month, as_json=as_json)
        return
    if rebuild:
        _rebuild(path)
    found = _verify(path, month, head or [])
    if as_json:
        _print_json(path, found)
    else:
        _print(path, found)
    if not found.ok:
        raise typer.Exit(1)


def _verify(path: Path, month: str | None, heads: list[str]) -> Verification:
    from camkeeper.ledger.record import LedgerFormatError
    from camkeeper.ledger.verify import verify as prove

    try:
        return prove(path, month=month, heads=heads)
    except FileNotFoundError:
        fail(f"没有这个账本：{path}", f"there is no ledger {path}")
    except LedgerFormatError as error:
        fail(f"不是账本或版本不符：{error}", f"not a ledger that can be read: {error}")
    except ValueError as error:
        fail(f"月份应写作 2026-10：{month}", str(error), code=USAGE)


def _rebuild(path: Path) -> None:
    from camkeeper.ledger.reader import LedgerReader
    from camkeeper.ledger.rebuild import rebuild
    from camkeeper.ledger.record import LedgerBusyError, LedgerError, LedgerFormatError

    if not path.exists():
        fail(f"没有这个账本：{path}", f"there is no ledger {path}")
    try:
        LedgerReader(path).close()  # whoever writes would make a ledger of an empty file
        records = rebuild(path)
    except LedgerFormatError as error:
        fail(f"不是账本或版本不符，未作改动：{error}", f"not a ledger that can be read, nothing changed: {error}")
    except LedgerBusyError as error:
        fail(f"监测正在运行，停止后再重建：{path}", f"a monitor is running, stop it first: {error}")
    except LedgerError as error:
        fail(f"链不完整，未作改动：{error}", str(error))
    tell(f"已由 {records} 条记录重建派生表。", f"Derived tables made anew from {records} records.")


def _print_json(path: Path, found: Verification) -> None:
    import json

    value = {
        "ledger": str(path),
        "ok": found.ok,
        "head": found.head,
        "records": found.records,
        "last_tick_ms": found.last_tick_ms,
        "counts": found.counts,
        "faults": [{"where": f.where, "seq": f.seq, "zh": f.zh, "en": f.en} for f in found.faults],
    }
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2).encode())


def _print(path: Path, found: Verification) -> None:
    counts = "，".join(f"{name} {rows}" for name, rows in found.counts.items())
    typer.echo(f"{path}\n链头 head {found.head}\n记录 records {found.records}\n已核对 compared: {counts}".encode())
    for fault in found.faults:
        seq = "" if fault.seq is None else f" seq {fault.seq}"
        typer.echo(f"✗ [{fault.where}{seq}] {fault.zh}\n  {fault.en}".encode())
    verdict = "✓ 全部相符 everything holds" if found.ok else f"✗ {len(found.faults)} 处不符 faults"
    typer.echo(verdict.encode())
