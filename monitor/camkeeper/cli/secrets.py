"""`camkeeper secrets`: passwords in one sealed file beside the configuration. No value is ever an argument or shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.run import ConfigOption
from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.secrets import Store

FileOption = Annotated[
    Path | None,
    typer.Option("--file", envvar="CAMKEEPER_SECRETS", help="口令文件，默认在配置旁 / the sealed file"),
]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", envvar="CAMKEEPER_SECRETS_KEY", help="密钥文件，默认在口令文件旁 / its key"),
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="名称；配置里写 store:名称 / written store:NAME")]

app = typer.Typer(
    no_args_is_help=True,
    help="加密保存的口令：配置里只写 store:名称。\n\nSealed passwords: the configuration has store:NAME alone.",
)


@app.command("set")
def set_(
    name: NameArgument,
    config: ConfigOption = Path("config/cameras.yaml"),
    file: FileOption = None,
    key: KeyOption = None,
) -> None:
    """存入或更换一个口令。从终端读（不回显），或从标准输入读一行；从不作为参数。首次使用时生成密钥。

    Keep a password, or another in its place: asked for on the terminal, or one line of standard input; never an
    argument. The first one makes the key, too.
    """
    from camkeeper.clock import SystemClock
    from camkeeper.secrets.record import check_name

    store = _store(config, file, key)
    with _told():
        check_name(name)
        new_key = not store.places.key.exists()
        known = store.set(name, _value(), at_s=SystemClock().wall_ms() // 1000)
    tell(f"{name} 已{'更换' if known else '存入'}，配置里写 secret: store:{name}", f"kept; write secret: store:{name}")
    if new_key:
        tell(
            f"新密钥在 {store.places.key}：请另存一份在别处；备份里没有它，也没有口令文件",
            f"the new key is {store.places.key}: keep a copy elsewhere; backups have neither it nor the sealed file",
        )
    _restart(config)


@app.command("list")
def list_(
    config: ConfigOption = Path("config/cameras.yaml"),
    file: FileOption = None,
    key: KeyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """列出名称、存入日期、谁在用；从不显示口令。配置引用而文件里没有的，退出码为 1。

    List names, when each was set, and who uses it; never a value. Exit 1 where the configuration wants one that is
    not there.
    """
    import json
    from datetime import UTC, datetime

    store, used = _store(config, file, key), _used(config)
    with _told():
        entries = {entry.name: entry for entry in store.entries()}
    rows: list[dict[str, object]] = [
        {
            "name": name,
            "set": f"{datetime.fromtimestamp(entries[name].set_s, UTC):%Y-%m-%d}" if name in entries else None,
            "used_by": list(used.get(name, ())),
        }
        for name in sorted(entries.keys() | used.keys())
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        _show(rows)
    if used.keys() - entries.keys():
        raise typer.Exit(1)


@app.command("remove")
def remove(
    name: NameArgument,
    config: ConfigOption = Path("config/cameras.yaml"),
    file: FileOption = None,
    key: KeyOption = None,
    force: Annotated[bool, typer.Option("--force", help="仍有人用也删除 / also where it is used")] = False,
) -> None:
    """删除一个口令；配置还在引用时拒绝。

    Forget a password; refused while the configuration refers to it.
    """
    store, used = _store(config, file, key), _used(config)
    if name in used and not force:
        who = ", ".join(used[name])
        fail(f"{name} 还在使用：{who}；确要删除加 --force", f"{name} is used by {who}; --force removes it all the same")
    with _told():
        if not store.remove(name):
            fail("没有这个名称；见 camkeeper secrets list", "there is no such name; see camkeeper secrets list")
    tell(f"{name} 已删除", f"{name} is gone")


@app.command("rotate")
def rotate(config: ConfigOption = Path("config/cameras.yaml"), file: FileOption = None, key: KeyOption = None) -> None:
    """换一把新密钥，全部重新加密，旧密钥作废；中途断电也总能读出。

    Make a new key, seal everything by it and drop the old one. Whatever stops it half way leaves files that open.
    """
    store = _store(config, file, key)
    with _told():
        n = store.rotate()
    tell(
        f"已换密钥，重新加密 {n} 项：{store.places.key}；请更新另存的密钥，旧的已打不开",
        f"{n} sealed anew by a new key: {store.places.key}; renew the copy you keep, the old one opens nothing now",
    )
    _restart(config)


def _store(config: Path, file: Path | None, key: Path | None) -> Store:
    from camkeeper.secrets import Store, places_of

    named = {"CAMKEEPER_SECRETS": file, "CAMKEEPER_SECRETS_KEY": key}
    environ = {**os.environ, **{name: str(path) for name, path in named.items() if path is not None}}
    return Store(places_of(config.parent, environ))


def _used(config: Path) -> dict[str, tuple[str, ...]]:
    """Return who uses what; empty, and told, where the configuration cannot be read."""
    from camkeeper.config import ConfigError, load
    from camkeeper.config.secretuse import sealed_uses

    try:
        return sealed_uses(load(config))
    except ConfigError as error:
        tell(
            f"不知道谁在用：{config} 有 {len(error.faults)} 处错误（camkeeper check）",
            f"who uses them is not known: {config} has faults (camkeeper check)",
        )
        return {}


def _value() -> str:
    if sys.stdin.isatty():
        typed: str = typer.prompt("口令 secret", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    try:
        return sys.stdin.read(65_536).removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        fail("标准输入不是 UTF-8", "standard input is not UTF-8")


def _show(rows: list[dict[str, object]]) -> None:
    from rich.table import Table

    from camkeeper.cli.say import wide_console

    table = Table()
    for heading in ("名称 name", "存入 set", "谁在用 used by"):
        table.add_column(heading)
    for row in rows:
        who = row["used_by"]
        shown = "\n".join(who) if isinstance(who, list) and who else "—"
        table.add_row(str(row["name"]), str(row["set"] or "没有！ missing"), shown)
    wide_console().print(table)


def _restart(config: Path) -> None:
    tell(
        "监测会自己读到新口令；由 systemd 交付（LoadCredential=）的须重启服务",
        f"a running monitor of {config} reads it by itself; where systemd hands it over (LoadCredential=), restart it",
    )


@contextmanager
def _told() -> Iterator[None]:
    from camkeeper.secrets import SecretsError

    try:
        yield
    except SecretsError as error:
        fail(error.zh, error.en)
    except OSError as error:
        why = error.strerror or type(error).__name__
        fail(f"读写不了 {error.filename}：{why}", f"cannot read or write {error.filename}: {why}")
