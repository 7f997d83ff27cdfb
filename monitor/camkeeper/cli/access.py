"""`camkeeper access`: who may come in, from this machine, whether the monitor runs or not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.access.record import Held
    from camkeeper.model.access import Scope
    from camkeeper.standing.access import Told

app = typer.Typer(no_args_is_help=True, help="账户、令牌、审计 / accounts, tokens, the audit log")
token = typer.Typer(no_args_is_help=True, help="程序用的令牌 / keys for programs")
app.add_typer(token, name="token")

DEFAULT_LEDGER = Path("var/camkeeper.ledger")
LedgerOption = Annotated[
    Path,
    typer.Option(
        "--ledger",
        envvar="CAMKEEPER_LEDGER",
        help="账本文件；县级平台：它的文件夹 / the ledger's file; of a county's hub: its folder",
    ),
]
Name = Annotated[str, typer.Argument(help="账户名 / the account's name")]
Person = Literal["admin", "technician", "contractor", "official", "county"]
AnyRole = Literal["admin", "technician", "contractor", "official", "county", "wall", "metrics"]
RoleOption = Annotated[Person, typer.Option("--role", help="角色 / role")]
TokenRole = Annotated[AnyRole, typer.Option("--role", help="角色 / role")]
Sites = Annotated[
    list[str] | None,
    typer.Option("--site", help="只看这些站点及其下级，可多次 / only these sites and below; repeatable"),
]
Contractor = Annotated[
    str, typer.Option("--contractor", help="只看这家维护单位的设备 / only devices in this contractor's care")
]


@app.command()
def first(ledger: LedgerOption = DEFAULT_LEDGER) -> None:
    """给管理员一个一次性登录链接；登不进去时用。须是账户库文件的所有者。

    Make a link that signs the first admin in once; for who is locked out. Needs the owner of the accounts' file.
    """
    from camkeeper.access import anchor
    from camkeeper.run.board import address_beside

    told = _do("first", {}, ledger)
    try:
        address = address_beside(anchor(ledger)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        address = "http://127.0.0.1:8080/"
    tell(
        f"24 小时内有效、只能用一次，登录为 {told.zh}，随后须设置新密码（监测需在运行）：",
        f"Good once, within 24 hours, as {told.en}; a new password is set after it (the monitor has to run):",
    )
    print(f"{address.rstrip('/')}/login?once={told.secret}")


@app.command()
def add(
    name: Name,
    role: RoleOption,
    site: Sites = None,
    contractor: Contractor = "",
    ledger: LedgerOption = DEFAULT_LEDGER,
) -> None:
    """添加账户，打印一次性密码。

    Add an account and print its one-time password.
    """
    fields = {"name": name, "role": role, "sites": " ".join(site or ()), "contractor": contractor}
    _secret(
        _do("add", fields, ledger), "一次性密码，首次登录后须更改：", "Its one-time password, to be changed at sign-in:"
    )


@app.command()
def passwd(
    name: Name,
    once: Annotated[bool, typer.Option("--once", help="只发一次性密码 / give a one-time password")] = False,
    ledger: LedgerOption = DEFAULT_LEDGER,
) -> None:
    """设置密码（从终端或标准输入读一行）；该账户的登录全部失效。

    Set a password, read from the terminal or as one line of standard input; the account's sessions end.
    """
    if once:
        told = _do("reset", {"name": name}, ledger)
        _secret(told, "一次性密码，登录后须更改：", "The one-time password, to be changed at sign-in:")
        return
    told = _do("passwd", {"name": name, "password": _password()}, ledger)
    tell(told.zh, told.en)


@app.command()
def disable(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="重新启用 / let them in again")] = False,
    ledger: LedgerOption = DEFAULT_LEDGER,
) -> None:
    """停用账户；登录立即失效，记录保留。

    Disable an account; its sessions end at once, what it did stays on record.
    """
    told = _do("enable" if undo else "disable", {"name": name}, ledger)
    tell(told.zh, told.en)


@app.command("list")
def list_(ledger: LedgerOption = DEFAULT_LEDGER) -> None:
    """列出账户。

    List the accounts.
    """
    from rich.table import Table

    table = Table()
    for heading in ("账户\nname", "角色\nrole", "范围\nscope", "状态\nstate", "上次使用\nlast seen"):
        table.add_column(heading)
    for account in sorted(_held(ledger).accounts.values(), key=lambda a: a.key):
        state = (
            "停用 disabled" if account.disabled else "待改密码 must change" if account.must_change else "正常 in use"
        )
        scope = _scope(account.scope)
        table.add_row(_plain(account.name), account.role.value, scope, state, _day(account.seen_ms))
    wide_console().print(table)


@token.command("add")
def token_add(
    name: Annotated[str, typer.Argument(help="用途 / what it is for")],
    role: TokenRole,
    site: Sites = None,
    contractor: Contractor = "",
    days: Annotated[int, typer.Option("--days", help="有效天数；0：不限 / days it is good for; 0: no end")] = 365,
    ledger: LedgerOption = DEFAULT_LEDGER,
) -> None:
    """添加令牌，打印一次。

    Make a token and print it, once.
    """
    fields = {"name": name, "role": role, "sites": " ".join(site or ()), "contractor": contractor}
    told = _do("token_add", fields | {"days": str(days) if days else ""}, ledger)
    _secret(told, "只显示这一次：", "Shown this once:")


@token.command("list")
def token_list(ledger: LedgerOption = DEFAULT_LEDGER) -> None:
    """列出令牌。

    List the tokens.
    """
    from rich.table import Table

    table = Table()
    for heading in ("编号\nid", "用途\nname", "角色\nrole", "范围\nscope", "到期\nexpires", "上次使用\nlast used"):
        table.add_column(heading)
    for one in sorted(_held(ledger).tokens.values(), key=lambda t: (t.name, t.id)):
        ends = "不限 never" if one.expires_ms is None else _day(one.expires_ms)
        table.add_row(one.id, _plain(one.name), one.role.value, _scope(one.scope), ends, _day(one.used_ms))
    wide_console().print(table)


@token.command("revoke")
def token_revoke(
    token_id: Annotated[str, typer.Argument(help="编号 / its id")], ledger: LedgerOption = DEFAULT_LEDGER
) -> None:
    """撤销令牌。

    End a token.
    """
    told = _do("token_revoke", {"id": token_id}, ledger)
    tell(told.zh, told.en)


@app.command()
def audit(
    verify: Annotated[bool, typer.Option("--verify", help="检查整条链 / check the whole chain")] = False,
    head: Annotated[
        list[str] | None,
        typer.Option("--head", help="以前抄下的链头，须仍在链中 / a head noted before, to be still there"),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=10_000, help="最近几条 / how many, newest first")] = 50,
    ledger: LedgerOption = DEFAULT_LEDGER,
) -> None:
    """审计记录；--verify 检查有无一字被改。

    The audit log; --verify finds out whether a letter of it was changed.
    """
    from camkeeper.access import AccessError, access_beside, anchor
    from camkeeper.access.file import newest

    ledger = anchor(ledger)
    if verify or head:
        _verify(ledger, frozenset(h.strip().lower() for h in head or ()))
        return
    _there(ledger)
    try:
        records = newest(access_beside(ledger), before=None, count=count)
    except (AccessError, OSError) as error:
        fail(str(error), str(error))
    for r in records:
        who = _plain(r.by) or "-"
        what = f"{r.what}  {_plain(r.target)}  {_plain(r.detail)}".rstrip()
        print(f"{r.number}  {_time(r.at_ms)}  {who}  {r.address or '-'}  {what}")


def _verify(ledger: Path, heads: frozenset[str]) -> None:
    from camkeeper.access import AccessError, access_beside, verify

    _there(ledger)
    try:
        found = verify(access_beside(ledger), looked_for=heads)
    except (AccessError, OSError) as error:
        fail(str(error), str(error))
    if found.broken_at is not None:
        fail(
            f"审计记录第 {found.broken_at} 条与当初写下的不同，或已缺失；前 {found.entries} 条完好",
            f"entry {found.broken_at} of the audit log is not what was written, or is missing;"
            f" the {found.entries} before it are in order",
        )
    if heads - found.passed:
        fail(
            "以前抄下的链头不在链中：记录被截断或重写",
            "a head noted before is not in the chain: the log was cut off or written anew",
        )
    tell(
        f"{found.entries} 条审计记录完好；请把链头抄在别处，以后用 --head 核对：",
        f"All {found.entries} entries are in order. Keep the head somewhere else, and look for it later by --head:",
    )
    print(found.head)


def _do(command: str, fields: dict[str, str], ledger: Path) -> Told:
    """Take a step through the running monitor, or on the file itself where none runs; ends where it is refused."""
    from camkeeper.access import AccessBusyError, AccessError, access_beside, anchor
    from camkeeper.cli.act import post
    from camkeeper.standing.access import Told

    ledger = anchor(ledger)
    try:
        told = _direct(command, fields, access_beside(ledger))
    except AccessBusyError:
        said = post(f"api/v1/access/{command}", fields, ledger=ledger, board=None)
        told = Told(done=True, zh=said.get("zh", ""), en=said.get("en", ""), secret=said.get("secret", ""))
    except (AccessError, OSError) as error:
        fail(str(error), str(error))
    if not told.done:
        fail(told.zh, told.en)
    return told


def _direct(command: str, fields: dict[str, str], path: Path) -> Told:
    import asyncio

    from camkeeper.access import Access
    from camkeeper.clock import SystemClock
    from camkeeper.run.access import local

    async def run() -> Told:
        with Access.open(path, clock=SystemClock()) as access:
            await access.first_run()
            return await access.command(local(), command, fields)

    return asyncio.run(run())


def _held(ledger: Path) -> Held:
    from camkeeper.access import AccessError, access_beside, anchor
    from camkeeper.access.file import read
    from camkeeper.access.rows import read_all

    ledger = anchor(ledger)
    _there(ledger)
    try:
        return read(access_beside(ledger), read_all)
    except (AccessError, OSError) as error:
        fail(str(error), str(error))


def _there(ledger: Path) -> None:
    from camkeeper.access import access_beside

    if not access_beside(ledger).is_file():
        fail(
            f"{ledger} 旁边没有账户库：监测还没有运行过；camkeeper access first 会建立它",
            f"there is no store of accounts beside {ledger}; camkeeper access first makes one",
        )


def _password() -> str:
    """Return what was typed twice, or one line of a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    one = getpass("新密码 / new password: ")
    if one != getpass("再输一遍 / again: "):
        fail("两次输入不同", "the two are not the same")
    return one


def _secret(told: Told, zh: str, en: str) -> None:
    tell(f"{told.zh}。{zh}", f"{told.en}. {en}")
    print(told.secret)


def _scope(scope: Scope) -> str:
    sites = "" if scope.site_ids is None else " ".join(sorted(scope.site_ids))
    return " ".join(filter(None, (sites, scope.contractor_id))) or "全部 everything"


def _plain(text: str) -> str:
    from rich.markup import escape

    from camkeeper.message.clean import clean

    return escape(clean(text, limit=300))


def _day(at_ms: int | None) -> str:
    return "-" if at_ms is None else _time(at_ms)


def _time(at_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().isoformat(sep=" ", timespec="seconds")
