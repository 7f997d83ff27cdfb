"""`camkeeper month`: closing a month and amending a closed one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camkeeper.cli.incidents import BoardOption, ByOption, JsonOption
from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.standing.month import MonthAct

app = typer.Typer(
    no_args_is_help=True,
    help="封账：把一个月的数字固定下来；之后只能更正，写明原因并由合同一方签名。\n\nClosing months, and amending them.",
)
LEDGER, CONFIG = Path("var/camkeeper.ledger"), Path("config/cameras.yaml")
MonthArgument = Annotated[str, typer.Argument(metavar="2026-10", help="月份 / the month")]
_COLUMNS = (
    ("up_ms", "在线 up"),
    ("down_ms", "离线 down"),
    ("unknown_ms", "未知 unknown"),
    ("excluded_ms", "免责 excluded"),
)


@app.command("list")
def list_months(ledger: LedgerOption = LEDGER, as_json: JsonOption = False) -> None:
    """列出封账与更正，旧的在前。List every closing and amendment, oldest first."""
    rows = _records(ledger, None)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        kind = "更正 amended" if "before" in row or row["why"] else "封账 closed"
        typer.echo(
            f"{row['month']} {kind} · {row['by']} · #{row['seq']} · {row['figures'][:16]}… {row['why']}".encode()
        )
    if not rows:
        tell("还没有封账的月份", "no month is closed yet")


@app.command("show")
def show(month: MonthArgument, ledger: LedgerOption = LEDGER, as_json: JsonOption = False) -> None:
    """显示一个月的封账与每次更正：旧数字、新数字、谁签的名。

    Show a month's closing and each amendment: old and new, and who signed.
    """
    rows = _records(ledger, month)
    if not rows:
        fail(f"{month} 还没有封账", f"{month} is not closed")
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        typer.echo(
            f"#{row['seq']} {row['by']}：{row['why'] or '封账 closed'}\n  数字 figures {row['figures']}".encode()
        )
        if "old" in row:
            _compare(row["old"], row["new"], row["changed"])
        for signature in row.get("signatures", ()):
            _signer(signature["public_key"])


@app.command("close")
def close(
    month: MonthArgument,
    by: ByOption,
    ledger: LedgerOption = LEDGER,
    config: ConfigOption = CONFIG,
    board: BoardOption = None,
) -> None:
    """封账。月末之后须再等一小时（或最长有效期 × 确认次数），其间数字还可能变。监测在运行则由它写入，否则直接写账本。

    Close a month: an hour after its end, or the longest hold times the confirmations, because until then it may still
    change. Through the running monitor, or into the ledger itself where none runs.
    """
    from camkeeper.standing.month import MonthAct, MonthStep

    told = _step(MonthAct(step=MonthStep.CLOSE, month=month, by=by), ledger, config, board)
    tell(f"{month} 已封账，数字摘要 {told['figures']}", f"{month} is closed, digest of its figures {told['figures']}")


@app.command("amend")
def amend(
    month: MonthArgument,
    *,
    by: ByOption,
    why: Annotated[str, typer.Option("--why", help="为什么更正 / why")],
    key: Annotated[
        list[Path] | None, typer.Option("--key", metavar="FILE", help="签名密钥，可多次 / keys to sign with")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="只看会怎样变 / only say what would change")] = False,
    ledger: LedgerOption = LEDGER,
    config: ConfigOption = CONFIG,
    board: BoardOption = None,
) -> None:
    """更正已封账的月份：按现在的剔除重算，新旧并列入账。配置有 parties 时须由其中一方签名。

    Amend a closed month by the windows of today; old and new go on record together. Where the configuration names
    parties, one of them signs.
    """
    from camkeeper.cli.key import open_key
    from camkeeper.ledger.amending import KIND
    from camkeeper.standing.month import MonthAct, MonthStep

    if not why.strip():
        fail("--why 不能为空", "--why is empty", code=2)
    found = _step(MonthAct(step=MonthStep.PREVIEW, month=month, by=by, why=why), ledger, config, board)
    _compare(found["old"], found["new"], len(found["changed"]))
    if preview:
        return
    if found["empty"]:
        fail("没有要更正的：数字与剔除都没有变", "nothing to amend: nothing changed")
    statement: dict[str, Any] = found["statement"]
    signers = [open_key(path) for path in key or ()]
    signatures = tuple({"public_key": s.public, "signature": s.sign(KIND, statement)} for s in signers)
    told = _step(
        MonthAct(
            step=MonthStep.AMEND,
            month=month,
            by=by,
            why=why,
            expected=(statement["figures"], statement["windows"]),
            signatures=signatures,
        ),
        ledger,
        config,
        board,
    )
    tell(f"{month} 已更正，数字摘要 {told['figures']}", f"{month} is amended, digest of its figures {told['figures']}")


@app.command("sign")
def sign_statement(
    statement: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="看板给出的待签内容，- 为标准输入 / what the board gives to be signed"),
    ],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="密钥文件 / a key file")],
) -> None:
    """在自己的电脑上给更正签名：打印一行公钥和签名，填回看板。不联网，不需账本。

    Sign an amendment on one's own computer: prints a line, a public key and a signature, for the board's form. Neither
    network nor ledger is needed.
    """
    import sys

    from camkeeper.cli.key import open_key
    from camkeeper.ledger.amending import KIND

    try:
        text = sys.stdin.read() if str(statement) == "-" else statement.read_text(encoding="utf-8")
        value = json.loads(text)
    except (OSError, ValueError) as error:
        fail(f"读不了 {statement}：{error}", f"cannot read {statement}: {error}")
    wanted = {"ledger", "month", "before", "figures", "windows", "why"}
    if not isinstance(value, dict) or value.keys() != wanted or not all(isinstance(v, str) for v in value.values()):
        fail("不是更正的待签内容", "this is no statement of an amendment", code=2)
    tell(f"更正 {value['month']}，原因：{value['why']}", f"Amends {value['month']}, because: {value['why']}")
    signer = open_key(key)
    print(signer.public, signer.sign(KIND, value))


def _records(ledger: Path, month: str | None) -> list[dict[str, Any]]:
    from camkeeper.ledger import LedgerError, LedgerReader
    from camkeeper.ledger.chain import read_object
    from camkeeper.ledger.closing import all_closings

    if not ledger.exists():
        fail(f"没有这个账本：{ledger}", f"there is no ledger {ledger}")
    out: list[dict[str, Any]] = []
    try:
        with LedgerReader(ledger) as reader, reader.reading() as db:
            for closed in all_closings(db):
                if month in (None, closed.month):
                    (body,) = db.execute("SELECT body FROM chain WHERE seq = ?", (closed.seq,)).fetchone()
                    out.append(dict(read_object(body)) | {"seq": closed.seq, "at_ms": closed.at_ms})
    except (LedgerError, ValueError, KeyError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
    return out


def _step(act: MonthAct, ledger: Path, config: Path, board: str | None) -> dict[str, Any]:
    """Have the running monitor do it; where none has the ledger, do it here."""
    from camkeeper.ledger import LedgerBusyError, LedgerError

    if board is None:
        try:
            return _offline(act, ledger, config)
        except LedgerBusyError:
            pass  # the monitor is its writer
        except LedgerError as error:
            fail(f"写不了账本 {ledger}：{error}", f"cannot write the ledger {ledger}: {error}")
    return _through_board(act, ledger, board)


def _offline(act: MonthAct, ledger: Path, config: Path) -> dict[str, Any]:
    import asyncio
    import uuid
    from importlib.metadata import version

    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError, load
    from camkeeper.ledger import Boot, Ledger
    from camkeeper.run.months import MonthRoom

    if not ledger.exists():
        fail(f"没有这个账本：{ledger}", f"there is no ledger {ledger}")
    clock = SystemClock()
    with Ledger.open(ledger, boot=Boot(boot_id=uuid.uuid4().hex, version=version("camkeeper")), clock=clock) as opened:
        try:
            registry = load(config)
        except ConfigError as error:
            first = error.faults[0]
            fail(f"监测未运行，须读配置：{first}", f"no monitor runs, so the configuration is wanted: {first}")
        room = MonthRoom(ledger=opened, registry=lambda: registry)
        acted = asyncio.run(room.act(act))
    if not acted.done:
        fail(acted.zh, acted.en)
    return dict(acted.told)


def _through_board(act: MonthAct, ledger: Path, board: str | None) -> dict[str, Any]:
    from camkeeper.cli.act import post

    fields = {"by": act.by, "text": act.why}
    if act.expected is not None:
        fields |= {"figures": act.expected[0], "windows": act.expected[1]}
    if act.signatures:
        fields["signatures"] = json.dumps([dict(s) for s in act.signatures])
    return post(f"api/v1/months/{act.month}/{act.step.value}", fields, ledger=ledger, board=board)


def _compare(old: dict[str, int], new: dict[str, int], changed: int) -> None:
    lines = [f"  {changed} 台设备的数字不同 devices differ"]
    for name, words in _COLUMNS:
        mark = "→" if old[name] != new[name] else "="
        lines.append(f"  {words}: {old[name]:,} {mark} {new[name]:,} ms")
    typer.echo("\n".join(lines).encode())


def _signer(public: str) -> None:
    from camkeeper.keys.key import fingerprint

    typer.echo(f"  签名 signed by {fingerprint(public)}".encode())
