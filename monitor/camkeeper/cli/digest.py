"""`camkeeper digest`: the letter of a day or a week, as it would be sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.incidents import JsonOption
from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.digest.due import Due
    from camkeeper.model.digest import DigestRule
    from camkeeper.model.registry import Registry
    from camkeeper.run.digests import Written

USAGE = 2
app = typer.Typer(
    no_args_is_help=True,
    help="日报与周报：按配置 digests 发给谁、说什么。\n\nThe letters of each day and each week, by `digests`.",
)


@app.callback()
def _root() -> None:
    """Keep `show` a sub-command."""


@app.command("show")
def show(
    *,
    day: Annotated[bool, typer.Option("--day", help="日报 / the day's letter")] = False,
    week: Annotated[bool, typer.Option("--week", help="周报 / the week's letter")] = False,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="2026-11-22", help="哪天发出的，默认最近一次 / sent on that day; the newest"),
    ] = None,
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    as_json: JsonOption = False,
) -> None:
    """显示将要发给每个通道的日报或周报，一字不差；不发送。

    Show the letter of a day or a week for each channel, to the letter. Sends nothing.
    """
    from camkeeper.ledger.letters import to_json

    if day is week:
        fail("请写 --day 或 --week（二者取一）", "give --day or --week: one of the two", code=USAGE)
    registry = _registry(config)
    rule = _rule(registry, week=week)
    due = _due(rule, registry, on)
    written = _written(ledger, rule, due, registry)
    if as_json:
        made = [to_json(x) | {"not_before_ms": written.quiet_until.get(x.id, 0)} for x in written.letters]
        print(json.dumps(made, ensure_ascii=False, indent=2))
        return
    if not written.letters:
        tell(f"{due.key}：没有要说的，不发", f"{due.key}: there is nothing to say, so nothing is sent")
    for letter in written.letters:
        typer.echo(f"— {letter.channel_id or '-'} · {letter.id}\n{letter.text}\n".encode())


def _registry(config: Path) -> Registry:
    from camkeeper.config import ConfigError, load

    try:
        return load(config)
    except ConfigError as error:
        fail(f"{config} 有错误，请运行 camkeeper check", f"{config} is faulty; run camkeeper check: {error.faults[0]}")


def _rule(registry: Registry, *, week: bool) -> DigestRule:
    from camkeeper.model.digest import DigestKind

    kind = DigestKind.WEEK if week else DigestKind.DAY
    found = next((r for r in registry.digests.rules if r.kind is kind), None)
    if found is None:
        key = "weekly" if week else "daily"
        fail(
            f"配置里没有 digests.{key}：写明几点发给哪些通道",
            f"the configuration has no digests.{key}: say when, and to which channels",
            code=USAGE,
        )
    return found


def _due(rule: DigestRule, registry: Registry, on: str | None) -> Due:
    from datetime import date

    from camkeeper.availability.days import local_date
    from camkeeper.clock import SystemClock
    from camkeeper.digest.due import due_on, newest_due
    from camkeeper.run.months import settle_ms

    tz, now_ms, settle = registry.digests.timezone, SystemClock().wall_ms(), settle_ms(registry)
    try:
        chosen = None if on is None else date.fromisoformat(on)
    except ValueError:
        fail(f"日期应写成 2026-11-22，不是 {on}", f"wants a day as 2026-11-22, not {on}", code=USAGE)
    found = newest_due(rule, tz, now_ms, settle_ms=settle) if chosen is None else None
    found = found or due_on(rule, tz, chosen or local_date(now_ms, tz), settle_ms=settle)
    if found is None:
        fail("当地没有这一天", "the zone has no such day", code=USAGE)
    return found


def _written(ledger: Path, rule: DigestRule, due: Due, registry: Registry) -> Written:
    from dataclasses import replace

    from camkeeper.clock import SystemClock
    from camkeeper.ledger import LedgerError, LedgerReader
    from camkeeper.run.digests import letters

    try:
        if ledger.exists():
            with LedgerReader(ledger) as reader:
                registry = replace(registry, agreed=reader.window_book().plans)
        return letters(ledger, rule, due, registry, max(due.due_ms, SystemClock().wall_ms()))
    except (LedgerError, LookupError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
