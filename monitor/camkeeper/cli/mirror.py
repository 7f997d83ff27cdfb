"""`camkeeper mirror`: the InfluxDB that is filled from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.mirror import Mirror
    from camkeeper.model.mirror import InfluxSetting
    from camkeeper.model.registry import Registry

USAGE = 2
ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="CAMKEEPER_CONFIG", help="乡镇配置文件 / the township's configuration")
]
LedgerOption = Annotated[Path, typer.Option("--ledger", envvar="CAMKEEPER_LEDGER", help="账本文件 / the ledger's file")]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="2026-10-01", help="从这一天（当地）起 / from this local day on")
]
DEFAULT_CONFIG, DEFAULT_LEDGER = Path("config/cameras.yaml"), Path("var/camkeeper.ledger")

app = typer.Typer(
    no_args_is_help=True,
    help="InfluxDB 镜像：由账本填写，断开后自动补齐。\n\n"
    "The InfluxDB mirror: filled from the ledger, catches up by itself.",
)


@app.command()
def status(
    config: ConfigOption = DEFAULT_CONFIG,
    ledger: LedgerOption = DEFAULT_LEDGER,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """镜像写到哪里了，落后多少。

    How far the mirror is, and how much it lacks.
    """
    import json
    from dataclasses import asdict

    from camkeeper.ledger import LedgerReader
    from camkeeper.mirror.cursor import Cursor, sidecar
    from camkeeper.mirror.mirror import ledger_id_of
    from camkeeper.mirror.source import behind
    from camkeeper.run.mirror import local
    from camkeeper.standing.build import timezone_of

    registry, setting = _configured(config)
    with _telling(ledger), LedgerReader(ledger) as reader:
        with Cursor(sidecar(ledger), ledger_id=ledger_id_of(reader), target=setting.identity) as cursor:
            marks = cursor.marks()
        lacking = behind(reader, marks, fine_days=setting.fine_days)
    tz = timezone_of(registry)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "url": setting.url,
                    "dialect": setting.dialect,
                    "record": marks.seq,
                    "last_ok_ms": marks.last_ok_ms,
                    "rejected": marks.rejected,
                    "behind": asdict(lacking),
                }
            ).encode()
        )
        return
    ok = "从未 / never" if marks.last_ok_ms is None else local(marks.last_ok_ms, tz)
    since = "" if lacking.since_ms is None else f"，自 since {local(lacking.since_ms, tz)}"
    typer.echo(
        f"服务器 server  {setting.url} ({setting.dialect}) {setting.bucket}\n"
        f"最近写入 last written  {ok}\n已到记录 record  {marks.seq}\n"
        f"尚缺 lacking  {lacking.records} 条记录 records，{lacking.hours} 小时 hours{since}\n"
        f"拒收 refused  {marks.rejected} 行 lines".encode()
    )


@app.command()
def rebuild(
    config: ConfigOption = DEFAULT_CONFIG, ledger: LedgerOption = DEFAULT_LEDGER, start: FromOption = None
) -> None:
    """由账本重写镜像（全部，或自某天起）；同一时刻的点被覆盖，不会重复。监测运行时由监测来写。

    Write the mirror anew from the ledger, all of it or from a day on; points are overwritten, nothing is doubled.
    While a monitor runs, it does the writing.
    """
    from camkeeper.mirror.cursor import HeldError

    registry, setting = _configured(config)
    from_ms = _instant(start, registry)
    mirror = _mirror(config, ledger, setting)
    with _telling(ledger):
        _wind_back(ledger, setting, from_ms)
        try:
            written = _write(mirror)
        except HeldError:
            tell(
                "已倒回；监测正在运行，由它补写。用 camkeeper mirror status 看进度。",
                "Wound back; the monitor that runs does the writing. camkeeper mirror status says how far it is.",
            )
            return
    tell(f"已写 {written} 行。", f"{written} lines written.")


@app.command()
def check(
    config: ConfigOption = DEFAULT_CONFIG, ledger: LedgerOption = DEFAULT_LEDGER, start: FromOption = None
) -> None:
    """逐日核对镜像与账本的数量和摘要；不符则逐条列出，退出码为 1。

    Compare the mirror with the ledger, day by day, by count and digest; exit code 1 and a list where they differ.
    """
    from camkeeper.ledger import LedgerReader
    from camkeeper.mirror.check import check as compare
    from camkeeper.mirror.cursor import Cursor, sidecar
    from camkeeper.mirror.mirror import ledger_id_of
    from camkeeper.mirror.server import Server
    from camkeeper.run.mirror import local, secret_of

    registry, setting = _configured(config)
    with _telling(ledger), LedgerReader(ledger) as reader:
        server = Server(setting, secret_of(setting, config.parent))
        with Cursor(sidecar(ledger), ledger_id=ledger_id_of(reader), target=setting.identity) as cursor:
            found = compare(reader, cursor, server, setting, from_ms=_instant(start, registry))
        server.close()
    for name, (ours, theirs) in found.counts.items():
        mark = "✓" if found.digests[name][0] == found.digests[name][1] else "✗"
        typer.echo(f"{mark} {name}  账本 ledger {ours}  镜像 mirror {theirs}  {found.digests[name][0]}".encode())
    for one in found.differences[:50]:
        day = local(one.start_ms, "UTC")[:10]
        typer.echo(f"✗ {one.measurement} {day} UTC  账本 ledger {one.ledger}  镜像 mirror {one.mirror}".encode())
    if not found.ok:
        fail(
            f"{len(found.differences)} 处不符：运行 camkeeper mirror rebuild --from 日期",
            f"{len(found.differences)} days differ: run camkeeper mirror rebuild --from DAY",
        )


def _configured(config: Path) -> tuple[Registry, InfluxSetting]:
    from camkeeper.config import ConfigError, load

    try:
        registry = load(config)
    except ConfigError as error:
        fail(
            f"{config} 有 {len(error.faults)} 处错误：运行 camkeeper check",
            f"{config} has {len(error.faults)} faults: camkeeper check tells them",
        )
    if registry.influx is None:
        fail(f"{config} 没有 influx 一节，没有镜像", f"{config} has no section influx: there is no mirror")
    return registry, registry.influx


def _mirror(config: Path, ledger: Path, setting: InfluxSetting) -> Mirror:
    from functools import partial

    from camkeeper.clock import SystemClock
    from camkeeper.mirror import Mirror
    from camkeeper.run.mirror import secret_of

    return Mirror(
        ledger=ledger, setting=setting, secret=partial(secret_of, setting, config.parent), clock=SystemClock()
    )


def _wind_back(ledger: Path, setting: InfluxSetting, from_ms: int | None) -> None:
    from camkeeper.ledger import LedgerReader
    from camkeeper.mirror.cursor import NEVER_MS, Cursor, sidecar
    from camkeeper.mirror.mirror import ledger_id_of
    from camkeeper.mirror.source import record_before

    with LedgerReader(ledger) as reader:
        seq = 0 if from_ms is None else record_before(reader, from_ms)
        with Cursor(sidecar(ledger), ledger_id=ledger_id_of(reader), target=setting.identity) as cursor:
            cursor.wind_back(seq=seq, from_ms=NEVER_MS if from_ms is None else from_ms)


def _write(mirror: Mirror) -> int:
    """Write until the mirror has caught up, and say how far it is; returns the lines that the server took."""
    from camkeeper.cli.say import wide_console

    with mirror.opened(), wide_console().status("") as shown:
        while True:
            stepped = mirror.step()
            now = mirror.standing
            shown.update(
                f"已写 written {now.written:,} · 尚缺 lacking {now.behind.records:,} 条 records,"
                f" {now.behind.hours:,} 小时 hours"
            )
            if stepped.delivered.refused:
                tell(
                    f"拒收 {stepped.delivered.refused} 行：{stepped.delivered.why}",
                    f"{stepped.delivered.refused} lines refused: {stepped.delivered.why}",
                )
            if not stepped.more:
                return now.written


def _instant(day: str | None, registry: Registry) -> int | None:
    """Return the beginning of a local day."""
    from datetime import date

    from camkeeper.availability.days import day_span
    from camkeeper.standing.build import timezone_of

    if day is None:
        return None
    try:
        return day_span(date.fromisoformat(day), timezone_of(registry)).start_ms
    except (ValueError, OverflowError):
        fail(f"日期应写成 2026-10-01：{day}", f"a day is written 2026-10-01: {day}", code=USAGE)


@contextmanager
def _telling(ledger: Path) -> Iterator[None]:
    from camkeeper.ledger import LedgerError
    from camkeeper.mirror import AwayError, CursorError, RefusedError

    try:
        yield
    except AwayError as error:
        fail(f"服务器够不到：{error}。已写的不丢，稍后再试", f"the server is away: {error}. Nothing is lost; try again")
    except RefusedError as error:
        fail(f"服务器不答所问：{error}", f"the server refuses: {error}")
    except CursorError as error:
        fail(f"镜像进度文件用不了：{error}", f"the mirror's own file cannot be used: {error}")
    except FileNotFoundError:
        fail(f"没有这个账本：{ledger}", f"there is no ledger {ledger}")
    except (LedgerError, OSError, ValueError) as error:
        fail(f"{error}", f"{error}")
