"""`camkeeper probe`: climb one device's ladder once, and show it. Read-only; nothing of it is kept."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.model.equipment import Address, Credential, Device
    from camkeeper.model.probing import ProbeResult

_RUNGS = {
    "reach": "连通",
    "ping": "PING",
    "time": "时间",
    "snmp": "SNMP",
    "auth": "认证",
    "snapshot": "抓图",
    "stream": "码流",
    "recording": "录像",
}
_VERDICTS = {
    "ok": "正常",
    "timeout": "超时",
    "refused": "拒绝连接",
    "reset": "连接中断",
    "unreachable": "不可达",
    "auth_refused": "认证被拒",
    "latched": "已锁存",
    "clock_skew": "时钟偏差",
    "fault": "设备报错",
    "malformed": "应答无法解析",
    "too_large": "应答过大",
    "redirected": "重定向（未跟随）",
    "off_enrolment": "端口未登记",
    "stale": "录像过旧",
    "not_offered": "不支持",
    "skipped": "未问",
    "monitor": "本机问题",
}


def probe(  # noqa: PLR0917 - a command line has as many options as it has
    target: Annotated[
        str, typer.Argument(metavar="HOST[:PORT]", help="地址 / the device, e.g. 192.168.1.10 or [::1]:80")
    ],
    user: Annotated[
        str | None, typer.Option(help="用户名；不给则跳过需认证的各级 / user; without: no signed rungs")
    ] = None,
    password_env: Annotated[
        str | None,
        typer.Option(metavar="VAR", help="存放密码的环境变量名 / environment variable that has the password"),
    ] = None,
    snapshot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="抓图存为文件 / write the snapshot here")
    ] = None,
    rtsp_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="RTSP 端口，默认用设备自报的 / RTSP port; default: the device's own word"),
    ] = None,
    snapshot_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="抓图端口，默认同 ONVIF / snapshot port, else as ONVIF")
    ] = None,
    approve_port: Annotated[
        list[int] | None,
        typer.Option(min=1, max=65535, help="准许设备指向的其他端口，可重复 / a further port that the device may name"),
    ] = None,
    path: Annotated[str, typer.Option(help="ONVIF 路径 / ONVIF path")] = "/onvif/device_service",
    timeout: Annotated[float, typer.Option(min=0.1, max=60, help="每问超时（秒）/ seconds for each question")] = 5.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """对一台设备逐级探测一次：连通、时间、认证、抓图、码流、录像。只读；全部正常退出码为 0，否则为 1。

    Climb one device's ladder once: reach, time, credential, snapshot, stream, recording. Read-only. Exit 0 where it is
    reachable and every asked rung is fine, else 1.
    """
    from camkeeper.model.equipment import Address

    host, port = _split(target)
    if not path.startswith("/") or any(c.isspace() for c in path):
        fail("ONVIF 路径须以 / 开头，不含空格。", "The ONVIF path begins with / and has no spaces.", code=2)
    address = Address(
        host=host,
        port=port,
        onvif_path=path,
        rtsp_port=rtsp_port,
        snapshot_port=snapshot_port,
        approved_ports=frozenset(approve_port or ()),
    )
    password = _password(user, password_env)
    pictures: list[bytes] = []
    result = asyncio.run(_climb(address, user, password, timeout, pictures))
    if snapshot is not None and pictures:
        _write(snapshot, pictures[-1])
    if as_json:
        import json

        print(json.dumps(as_data(result), ensure_ascii=False))
    else:
        _show(target, result)
    bad = [r for r in result.rungs if r.verdict.is_failure or r.verdict == "monitor"]
    if snapshot is not None and not pictures:
        tell("没有抓到图，文件未写。", "There was no snapshot; the file was not written.")
    if bad or (snapshot is not None and not pictures):
        if bad:
            tell(
                f"未通过：{'、'.join(_RUNGS[r.rung] for r in bad)}。",
                f"Not passed: {', '.join(r.rung for r in bad)}.",
            )
        raise typer.Exit(1)


def as_data(result: ProbeResult) -> dict[str, Any]:
    """Return the result as `--json` prints it."""
    facts = result.facts
    picture = facts.snapshot
    return {
        "rungs": [
            {"rung": r.rung.value, "verdict": r.verdict.value, "ms": round(r.ms, 1), "detail": r.detail}
            for r in result.rungs
        ],
        "manufacturer": facts.manufacturer,
        "model": facts.model,
        "firmware": facts.firmware,
        "clock_offset_s": None if facts.clock_offset_s is None else round(facts.clock_offset_s, 1),
        "profiles": [{"token": p.token, "width": p.width, "height": p.height} for p in facts.profiles],
        "snapshot": (
            None if picture is None else {"bytes": picture.size_bytes, "width": picture.width, "height": picture.height}
        ),
    }


def _split(target: str) -> tuple[str, int]:
    """Read HOST, HOST:PORT, [IPV6]:PORT or a bare IPv6 address; a told error for anything else."""
    text, port = target.strip(), "80"
    if text.startswith("[") and "]" in text:
        host, _, rest = text[1:].partition("]")
        port = rest[1:] if rest.startswith(":") else ("80" if not rest else "x")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host = text
    known = host and not any(c in host for c in "/@[]?#\\ \t\n") and (":" not in host or _is_ipv6(host))
    if not known or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        fail(f"看不懂地址“{target}”：应为 主机[:端口]。", f"Not an address: {target!r}; want HOST[:PORT].", code=2)
    return host, int(port)


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _password(user: str | None, variable: str | None) -> str | None:
    if user is None:
        if variable is not None:
            fail("给了 --password-env，还缺 --user。", "--password-env needs --user.", code=2)
        return None
    if variable is None:
        fail(
            "给了 --user，还缺 --password-env：密码只从环境变量读取。",
            "--user needs --password-env: a password is read from the environment only.",
            code=2,
        )
    if variable not in os.environ:
        fail(f"环境变量 {variable} 没有设置。", f"The environment variable {variable} is not set.", code=2)
    return os.environ[variable]


async def _climb(
    address: Address, user: str | None, password: str | None, timeout_s: float, pictures: list[bytes]
) -> ProbeResult:
    from camkeeper.clock import SystemClock
    from camkeeper.model.equipment import Credential, Device, DeviceKind
    from camkeeper.model.policy import ProbePolicy
    from camkeeper.model.probing import Depth
    from camkeeper.probe.latch import MemoryLatches
    from camkeeper.probe.prober import Prober

    def password_of(_: Credential) -> str:
        return password or ""

    def keep(_: Device, data: bytes, _where: object) -> None:
        pictures.append(data)

    device = Device(id="probe", name="probe", kind=DeviceKind.CAMERA, site_id="probe", address=address)
    # A person at the keyboard is the operator: what was refused is not latched beyond this one climb.
    async with Prober(
        clock=SystemClock(),
        password_of=password_of,
        policy=ProbePolicy(timeout_s=timeout_s),
        latches=MemoryLatches(),
        on_picture=keep,
    ) as prober:
        credential = None if user is None else Credential(id="probe", user=user, secret_ref="")
        return await prober.probe(device, credential, Depth.FULL)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(f"写不了 {path}：{error.strerror}", f"Cannot write {path}: {error.strerror}")


def _show(target: str, result: ProbeResult) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(f"{target}  {result.took_ms:.0f} ms"), title_justify="left")
    for title in ("级 / rung", "结果 / verdict", "毫秒 / ms", "依据 / evidence"):
        table.add_column(title, justify="right" if "ms" in title else "left", overflow="fold")
    for r in result.rungs:
        colour = "red" if r.verdict.is_failure else "green" if r.verdict == "ok" else "yellow"
        verdict = f"[{colour}]{_VERDICTS[r.verdict]} / {r.verdict.value}[/]"
        table.add_row(f"{_RUNGS[r.rung]} / {r.rung.value}", verdict, f"{r.ms:.1f}", escape(r.detail))
    console = wide_console()
    console.print(table)
    facts = result.facts
    named = " ".join(t for t in (facts.manufacturer, facts.model, facts.firmware) if t)
    lines = [("设备 / device", named)]
    if facts.clock_offset_s is not None:
        lines.append(("时钟偏差 / clock offset", f"{facts.clock_offset_s:+.1f} s"))
    lines += [("码流配置 / profile", f"{p.token}  {p.width} x {p.height}  {p.encoding}") for p in facts.profiles]
    if facts.snapshot is not None:
        picture = facts.snapshot
        lines.append(("抓图 / snapshot", f"{picture.width} x {picture.height}, {picture.size_bytes} B"))
    for label, value in lines:
        if value:
            console.print(f"{label}: {escape(value)}", highlight=False)
