"""`camkeeper import`: the register as people keep it, into the configuration; what it would do first, then --apply."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.cli.register_sources import Made
    from camkeeper.register.book import Draft, Wishes
    from camkeeper.register.fields import Field
    from camkeeper.register.store import Version

ConfigOption = Annotated[Path, typer.Option("--config", help="配置文件 / the configuration")]
ByOption = Annotated[str | None, typer.Option("--by", help="经手人，默认登录名 / who does it; default: the login name")]
_CONFIG = Path("config/cameras.yaml")
_HELP = """导入设备登记表（XLSX、CSV）：先预览，--apply 才写入；undo 撤销，history 历史，export 导出。

Import a register of devices (XLSX, CSV): what it would do first; --apply writes. undo, history, export.
"""


class _FileFirst(TyperGroup):
    """A group whose first word may be a file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in {"--help", "--install-completion"}:
            args = ["file", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(name="import", no_args_is_help=True, cls=_FileFirst, help=_HELP)


@app.command("file")
def import_file(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="XLSX、XLS、ODS 或 CSV / XLSX, XLS, ODS or CSV")
    ] = None,
    *,
    osm: Annotated[
        Path | None,
        typer.Option("--osm", metavar="FILE", help="OpenStreetMap 摘录 .osm .osm.json .geojson / an extract of it"),
    ] = None,
    discover: Annotated[
        bool, typer.Option("--discover", help="用 ONVIF 发现代替文件 / ask the network by ONVIF, in place of a file")
    ] = False,
    net: Annotated[
        list[str] | None,
        typer.Option(
            "--net", metavar="CIDR", help="逐个询问这个网段；enrolled 为已登记的网段 / ask each address; or `enrolled`"
        ),
    ] = None,
    port: Annotated[
        list[int] | None,
        typer.Option("--port", min=1, max=65535, help="--net 时问的 ONVIF 端口，默认 80 / ONVIF ports; 80"),
    ] = None,
    wait: Annotated[float, typer.Option(min=0.1, max=60, help="等待应答的秒数 / seconds to wait for answers")] = 2.0,
    site: Annotated[str | None, typer.Option(help="新发现设备所属的村 / the village of new devices")] = None,
    rows_to: Annotated[
        Path | None,
        typer.Option("--rows-to", metavar="OUT.csv", help="把读到的行写成表格，供补全 / write the rows, to fill in"),
    ] = None,
    config: ConfigOption = _CONFIG,
    sheet: Annotated[str | None, typer.Option(help="只读这张工作表 / only this sheet")] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="HEADER=FIELD", help="列对应的字段；- 为不导入 / a column's field; - leaves it out"
        ),
    ] = None,
    datum: Annotated[
        str | None, typer.Option(help="坐标系 wgs84、cgcs2000、gcj02、bd09 / the datum of the positions")
    ] = None,
    complete: Annotated[
        bool,
        typer.Option("--complete", help="表中没有的同类设备视为撤除 / devices of its kinds that it lacks are gone"),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="有错误就整份不导入 / any error refuses the file")] = False,
    write: Annotated[bool, typer.Option("--apply", help="写入登记簿 / write it")] = False,
    by: ByOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """导入一份登记表；不加 --apply 只预览。 / Import a register; without --apply nothing is written.

    FILE、--osm 与 --discover 三选一，走同一条路。 / One of FILE, --osm and --discover; all go the same way.
    """
    from camkeeper.cli.register_show import as_value, show
    from camkeeper.clock import SystemClock
    from camkeeper.register.book import apply
    from camkeeper.register.store import StoreRefused

    if [file is not None, osm is not None, discover].count(True) != 1 or (not discover and (net or port or site)):
        fail(
            "请给出文件、--osm 或 --discover 之一；--net、--port、--site 与 --discover 同用",
            "give one of a file, --osm or --discover; --net, --port and --site go with --discover",
            code=2,
        )
    wishes = _wishes(sheet=sheet, mapping=mapping or [], datum=datum, complete=complete, strict=strict)
    if file is not None:
        made = _draft(config, file, wishes)
    else:
        from camkeeper.cli.register_sources import of_discovery, of_osm

        source = (
            of_osm(osm)
            if osm is not None
            else of_discovery(config, nets=net or (), ports=port or (80,), wait_s=wait, site=site)
        )
        made = _draft_of(config, source, wishes)
    if rows_to is not None:
        from camkeeper.cli.register_sources import write_table

        write_table(rows_to, made.handed.sheets, made.handed.notices)
    version: Version | None = None
    if write and (made.plan or made.refused is None or strict):
        try:
            version = apply(config, made, by=_who(by), clock=SystemClock())
        except StoreRefused as refused:
            if not as_json:
                show(made)
            fail(refused.zh, refused.en)
    if as_json:
        print(json.dumps(as_value(made, version), ensure_ascii=False, indent=2))
        return
    show(made)
    if version is not None:
        tell(
            f"已写入（第 {version.number} 次）。运行中的监测端收到 SIGHUP 后生效；撤销：camkeeper import undo",
            f"Written (number {version.number}). A running monitor takes it at SIGHUP; undo: camkeeper import undo",
        )
    elif made.plan:
        tell("这是预览，未写入。确认后加 --apply。", "This is a preview; nothing was written. Add --apply to write it.")


@app.command()
def undo(*, config: ConfigOption = _CONFIG, by: ByOption = None) -> None:
    """撤销最近一次导入，逐字节恢复。 / Take back the newest import, byte for byte."""
    from camkeeper.clock import SystemClock
    from camkeeper.register.store import Store, StoreRefused

    try:
        version = Store(config).undo(by=_who(by), clock=SystemClock())
    except StoreRefused as refused:
        fail(refused.zh, refused.en)
    except OSError as error:
        fail(f"写不了：{error}", f"cannot be written: {error}")
    tell(
        f"已撤销第 {version.number} 次导入（{version.source}）", f"Import {version.number} ({version.source}) is undone"
    )


@app.command()
def history(
    *,
    config: ConfigOption = _CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """列出历次导入。 / List the imports."""
    from dataclasses import asdict

    from rich.table import Table

    from camkeeper.register.store import Store

    try:
        found = Store(config).history()
    except OSError as error:
        fail(f"读不到 {config}：{error}", f"cannot read {config}: {error}")
    if as_json:
        print(json.dumps([asdict(v) for v in found], ensure_ascii=False, indent=2))
        return
    table = Table()
    for word in (
        "次\nno",
        "时间 UTC\nat",
        "经手\nby",
        "文件\nfile",
        "SHA-256",
        "增/改/撤\nadded/changed/removed",
        "撤销\nundone",
    ):
        table.add_column(word)
    for v in found:
        counts = f"{v.added}/{v.changed}/{v.removed}"
        undone = "" if v.undone_ms is None else f"{_utc(v.undone_ms)} {v.undone_by}"
        table.add_row(str(v.number), _utc(v.at_ms), v.by, v.source, v.source_sha256[:12], counts, undone)
    wide_console().print(table)


def _utc(at_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


@app.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="写到哪里 / where to write")],
    *,
    config: ConfigOption = _CONFIG,
) -> None:
    """导出登记表为 XLSX，标出被更正的格。 / Export the register as XLSX, corrected cells marked."""
    from camkeeper.config import ConfigError
    from camkeeper.register.export import workbook
    from camkeeper.register.store import StoreRefused

    try:
        out.write_bytes(workbook(config))
    except ConfigError as error:
        fail(f"配置有误：{error.faults[0].chinese}", f"the configuration is at fault: {error.faults[0]}")
    except StoreRefused as refused:
        fail(refused.zh, refused.en)
    except OSError as error:
        fail(f"写不了 {out}：{error}", f"cannot write {out}: {error}")
    tell(f"已写入 {out}", f"{out} is written")


def _wishes(*, sheet: str | None, mapping: list[str], datum: str | None, complete: bool, strict: bool) -> Wishes:
    from camcover.datum import Datum
    from camkeeper.register.book import Wishes

    if datum is not None and datum not in set(Datum):
        fail(f"--datum 应为 {' '.join(Datum)} 之一", f"--datum wants one of: {' '.join(Datum)}", code=2)
    return Wishes(
        sheet=sheet,
        mapping=_mapping(mapping),
        datum=None if datum is None else Datum(datum),
        complete=complete,
        strict=strict,
    )


def _draft(config: Path, file: Path, wishes: Wishes) -> Draft:
    from camkeeper.register.handed import handed
    from camkeeper.register.reading import MAX_BYTES

    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"读不到 {file}：{error.strerror}", f"cannot read {file}: {error.strerror}")
    digest = hashlib.sha256(data).hexdigest()
    return _draft_of(config, (file.name, digest, lambda known: handed(data, file.name, known)), wishes)


def _draft_of(config: Path, source: Made, wishes: Wishes) -> Draft:
    from camkeeper.config import ConfigError
    from camkeeper.register.book import draft_of
    from camkeeper.register.reading import UnreadableRegister
    from camkeeper.register.store import StoreRefused

    name, digest, make = source
    try:
        return draft_of(config, make, name=name, digest=digest, wishes=wishes)
    except (UnreadableRegister, StoreRefused) as refused:
        fail(refused.zh, refused.en)
    except ConfigError as error:
        fail(
            f"现有配置有 {len(error.faults)} 处错误：{error.faults[0].chinese}",
            f"the configuration has {len(error.faults)} faults already: {error.faults[0]}",
        )


def _mapping(given: list[str]) -> dict[str, Field | None]:
    from camkeeper.register.fields import Field

    out: dict[str, Field | None] = {}
    for one in given:
        head, equals, name = one.rpartition("=")
        if not equals or not head or (name != "-" and name not in set(Field)):
            known = " ".join(Field)
            fail(
                f"--map 应为 表头=字段，字段为 {known} 或 -：{one}",
                f"--map wants HEADER=FIELD of: {known} or -",
                code=2,
            )
        out[head] = None if name == "-" else Field(name)
    return out


def _who(by: str | None) -> str:
    import getpass

    try:
        return by or getpass.getuser()
    except (KeyError, OSError):  # a container without accounts
        return "-"
